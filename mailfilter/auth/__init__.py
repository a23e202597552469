"""Who a message is from, and whether that is so: evaluators that ask DNS of whoever runs them."""
