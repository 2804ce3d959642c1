"""Why does the service answer differently? The training pipeline and the service, compared stage by stage."""
