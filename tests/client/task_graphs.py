"""The graphs of the small models in `task_repository`, as ONNX writes graphs in text."""

# For each colour one box around the cells in which it is above 127, scored by its highest level. The boxes of colours
# that are not there go to the end, as padding of zeros; the others stay in the order of the colours.
DETECTOR = """
detector (uint8[N, 8, 8, 3] PIXELS, int32[N, 2] SIZE_WH) => (int32[N, 1] num_detections, float[N, 5, 4] detection_boxes,
                                                            float[N, 5] detection_scores,
                                                            int32[N, 5] detection_classes) {
    rows = Constant <value_ints = [1]> ()
    columns = Constant <value_ints = [2]> ()
    last = Constant <value_ints = [-1]> ()
    zero = Constant <value_float = 0.0> ()
    eight = Constant <value_float = 8.0> ()
    bright = Constant <value_float = 127.5> ()
    highest = Constant <value_float = 255.0> ()
    three = Constant <value_ints = [3]> ()
    starts = Constant <value = float[1, 8, 1] {0, 1, 2, 3, 4, 5, 6, 7}> ()
    ends = Constant <value = float[1, 8, 1] {1, 2, 3, 4, 5, 6, 7, 8}> ()
    cells = Constant <value_floats = [8.0, 8.0]> ()

    levels = Cast <to = 1> (PIXELS)
    over_rows = ReduceMax <keepdims = 0> (levels, rows)
    over_columns = ReduceMax <keepdims = 0> (levels, columns)
    in_column = Greater (over_rows, bright)
    in_row = Greater (over_columns, bright)
    from_left = Where (in_column, starts, eight)
    from_top = Where (in_row, starts, eight)
    to_right = Where (in_column, ends, zero)
    to_bottom = Where (in_row, ends, zero)
    left = ReduceMin <keepdims = 0> (from_left, rows)
    top = ReduceMin <keepdims = 0> (from_top, rows)
    right = ReduceMax <keepdims = 0> (to_right, rows)
    bottom = ReduceMax <keepdims = 0> (to_bottom, rows)
    level = ReduceMax <keepdims = 0> (over_rows, rows)
    score = Div (level, highest)
    is_there = Greater (level, bright)
    there = Cast <to = 1> (is_there)

    left_column = Unsqueeze (left, last)
    top_column = Unsqueeze (top, last)
    right_column = Unsqueeze (right, last)
    bottom_column = Unsqueeze (bottom, last)
    in_cells = Concat <axis = -1> (left_column, top_column, right_column, bottom_column)
    size_wh = Cast <to = 1> (SIZE_WH)
    cell_size = Div (size_wh, cells)
    scale_wh = Concat <axis = -1> (cell_size, cell_size)
    scale = Unsqueeze (scale_wh, rows)
    in_pixels = Mul (in_cells, scale)
    there_column = Unsqueeze (there, last)
    boxes = Mul (in_pixels, there_column)
    scores = Mul (score, there)

    sorted, order = TopK (there, three)
    order_column = Unsqueeze (order, last)
    box_order = Concat <axis = -1> (order_column, order_column, order_column, order_column)
    first_boxes = GatherElements <axis = 1> (boxes, box_order)
    first_scores = GatherElements <axis = 1> (scores, order)
    sorted_ids = Cast <to = 6> (sorted)
    order_ids = Cast <to = 6> (order)
    first_ids = Mul (order_ids, sorted_ids)
    two_more = Constant <value_ints = [0, 0, 0, 2]> ()
    two_more_boxes = Constant <value_ints = [0, 0, 0, 0, 2, 0]> ()
    detection_boxes = Pad (first_boxes, two_more_boxes)
    detection_scores = Pad (first_scores, two_more)
    detection_classes = Pad (first_ids, two_more)
    num_detections = ReduceSum <keepdims = 1> (sorted_ids, last)
}
"""

SEGMENTER = """
segmenter (uint8[N, 8, 8, 3] PIXELS) => (uint8[N, 8, 8] CLASSES) {
    zero = Constant <value_int = 0> ()
    step = Constant <value_float = 64.0> ()
    red = Gather <axis = 3> (PIXELS, zero)
    levels = Cast <to = 1> (red)
    steps = Div (levels, step)
    whole = Floor (steps)
    CLASSES = Cast <to = 2> (whole)
}
"""

# The mean colour, of unit length. A black picture has none: its vector is zero, and that is no embedding.
EMBEDDER = """
embedder (uint8[N, 8, 8, 3] PIXELS) => (float[N, 3] EMBEDDING) {
    cells = Constant <value_ints = [1, 2]> ()
    last = Constant <value_ints = [-1]> ()
    tiny = Constant <value_float = 0.000001> ()
    levels = Cast <to = 1> (PIXELS)
    means = ReduceMean <keepdims = 0> (levels, cells)
    length = ReduceL2 <keepdims = 1> (means, last)
    divisor = Max (length, tiny)
    EMBEDDING = Div (means, divisor)
}
"""

INVERTER = """
inverter (uint8[N, 8, 8, 3] PIXELS) => (uint8[N, 8, 8, 3] INVERTED) {
    highest = Constant <value_float = 255.0> ()
    levels = Cast <to = 1> (PIXELS)
    inverted = Sub (highest, levels)
    INVERTED = Cast <to = 2> (inverted)
}
"""

# The score of a colour is its share of all light; the heat map is its level.
EXPLAINER = """
explainer (uint8[N, 8, 8, 3] PIXELS, int32[N, 1] ASKED_CLASS_ID) => (float[N, 8, 8] HEATMAP, int32[N, 1] CLASS_ID,
                                                                  float[N, 1] SCORE) {
    cells = Constant <value_ints = [1, 2]> ()
    last = Constant <value_ints = [-1]> ()
    colours = Constant <value_ints = [0, 1, 2]> ()
    tiny = Constant <value_float = 0.000001> ()
    highest = Constant <value_float = 255.0> ()
    zero = Constant <value = int32 {0}> ()
    levels = Cast <to = 1> (PIXELS)
    light = ReduceMean <keepdims = 0> (levels, cells)
    all_light = ReduceSum <keepdims = 1> (light, last)
    divisor = Max (all_light, tiny)
    scores = Div (light, divisor)
    top_id = ArgMax <axis = 1, keepdims = 1> (scores)
    top = Cast <to = 6> (top_id)
    is_top = Less (ASKED_CLASS_ID, zero)
    CLASS_ID = Where (is_top, top, ASKED_CLASS_ID)
    class_id = Cast <to = 7> (CLASS_ID)
    SCORE = GatherElements <axis = 1> (scores, class_id)
    is_colour = Equal (class_id, colours)
    chosen = Cast <to = 1> (is_colour)
    chosen_axes = Unsqueeze (chosen, cells)
    of_class = Mul (levels, chosen_axes)
    level = ReduceSum <keepdims = 0> (of_class, last)
    HEATMAP = Div (level, highest)
}
"""
