"""Cuts DejaVu Sans down to the letters that pictures are labelled with.

Written with fontTools 4.68.0 from DejaVuSans.ttf 2.37 (Debian package fonts-dejavu-core 2.37-6):

    python subset.py /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf

It keeps scripts whose letters stand alone from left to right: Latin, Greek, Cyrillic, Armenian and
Georgian, with their combining marks. Scripts that need shaping (Arabic) are transliterated.
"""

import sys

from fontTools import subset

RANGES = [
    (0x20, 0x7E),  # ASCII
    (0xA0, 0x24F),  # Latin
    (0x300, 0x36F),  # combining marks
    (0x370, 0x3FF),  # Greek
    (0x400, 0x52F),  # Cyrillic
    (0x531, 0x58F),  # Armenian
    (0x10D0, 0x10FF),  # Georgian
    (0x1E00, 0x1EFF),  # Latin of Vietnam and others
    (0x2010, 0x203A),  # dashes, quotation marks, ellipsis
    (0x2070, 0x209F),  # superscripts and subscripts
    (0x20AC, 0x20AC),  # euro
    (0x2190, 0x2193),  # arrows
    (0x2212, 0x2212),  # minus
    (0x2260, 0x2265),  # comparisons
    (0x221A, 0x221E),  # root, infinity
]

characters = [c for low, high in RANGES for c in range(low, high + 1)]
options = subset.Options(layout_features=[], hinting=False, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
options.drop_tables += ["GPOS", "GSUB", "GDEF"]
font = subset.load_font(sys.argv[1], options)
cutter = subset.Subsetter(options)
cutter.populate(unicodes=characters)
cutter.subset(font)
subset.save_font(font, "DejaVuSans-subset.ttf", options)
