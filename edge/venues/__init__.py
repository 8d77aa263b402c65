"""The composition root of the venues: what their rules remember, and the systems behind them."""
