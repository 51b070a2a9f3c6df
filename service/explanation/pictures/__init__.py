"""Pictures of explanations: what words add, where attention lay, how the gates stood.

Each is an SVG that stands for itself: without scripts, styles, fonts or addresses of others, on a
ground of its own, so that it is the same in the dark and on paper. `png` paints any of them.
Imported when the first picture is asked for. Knows nothing about requests.
"""
