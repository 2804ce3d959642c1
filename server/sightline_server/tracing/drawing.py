"""The waterfall as a picture."""

from PIL import Image, ImageDraw, ImageFont

from sightline_server.tracing.palette import FAINT, INK, PAPER, TRACK, stage_colour
from sightline_server.tracing.report import title
from sightline_server.tracing.waterfall import Waterfall

WIDTH = 1280
MARGIN = 36
ROW = 34
BAR = 20
TEXT_SIZE = 17
TITLE_SIZE = 22


def drawn(waterfall: Waterfall) -> Image.Image:
    """One bar per row, each beginning where the last one ends, over a scale in milliseconds.

    Returns:
        RGB, 1280 pixels wide.
    """
    font, large = ImageFont.load_default(TEXT_SIZE), ImageFont.load_default(TITLE_SIZE)
    figures = [f"{row.duration_ns / 1e6:.2f} ms" for row in waterfall.rows]
    shares = [f"{100 * row.share:.1f} %" for row in waterfall.rows]
    name_width = 18 + max(font.getlength(row.stage) for row in waterfall.rows)
    step_width = max(font.getlength(row.step) for row in waterfall.rows)
    left = int(MARGIN + name_width + step_width + 24)
    share_left = WIDTH - MARGIN - max(font.getlength(share) for share in shares)
    right = int(share_left - max(font.getlength(figure) for figure in figures) - 44)
    top = MARGIN + TITLE_SIZE + 28
    bottom = top + ROW * len(waterfall.rows)
    image = Image.new("RGB", (WIDTH, bottom + 26 + MARGIN), PAPER)
    pen = ImageDraw.Draw(image)
    pen.text((MARGIN, MARGIN), title(waterfall), INK, large)
    scale = (right - left) / max(waterfall.wall_ns, 1)
    step_ms = tick_step_ms(waterfall.wall_ns / 1e6)
    for tick in range(int(waterfall.wall_ns / 1e6 / step_ms) + 1):
        x = left + round(tick * step_ms * 1e6 * scale)
        pen.line((x, top - 4, x, bottom + 4), TRACK, 2)
        pen.text((x, bottom + 24), f"{tick * step_ms:g}", FAINT, font, anchor="ms")
    for place, row in enumerate(waterfall.rows):
        middle = top + ROW * place + ROW // 2
        pen.text((MARGIN, middle), row.stage, INK, font, anchor="lm")
        pen.text((MARGIN + name_width, middle), row.step, FAINT, font, anchor="lm")
        begin, end = left + row.begin_ns * scale, left + (row.begin_ns + row.duration_ns) * scale
        box = (round(begin), middle - BAR // 2, max(round(end), round(begin) + 2) - 1, middle + BAR // 2 - 1)
        pen.rectangle(box, stage_colour(row.stage))
        pen.text((share_left - 24, middle), figures[place], INK, font, anchor="rm")
        pen.text((WIDTH - MARGIN, middle), shares[place], FAINT, font, anchor="rm")
    pen.text((right + 12, bottom + 24), "ms", FAINT, font, anchor="ls")
    return image


def tick_step_ms(total_ms: float) -> float:
    """A step of 1, 2 or 5 times a power of ten that gives the scale four to ten ticks.

    >>> tick_step_ms(7.3)
    1.0
    """
    step = 1e-3
    while True:
        for factor in (1, 2, 5):
            if total_ms / (step * factor) <= 8:
                return step * factor
        step *= 10
