"""The speed and memory bars: `make bench [AREA=…]`. Ratios are measured side by side in one run, medians of several."""
