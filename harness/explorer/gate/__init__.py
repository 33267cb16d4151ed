"""What stands between a guard's clients and the server: connections cut into steps, and the wires behind them."""
