"""From bytes to judged lines: the rules are in ``rules``, the shapes of files in ``formats``."""
