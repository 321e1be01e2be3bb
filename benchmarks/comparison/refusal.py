class Refusal(Exception):
    """What was measured, or was about to be, would not be honest. The message says why, and the way out."""
