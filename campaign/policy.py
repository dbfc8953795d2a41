"""Pure: the next state and time of a delivery, from its outcome and the time."""
