"""The soak: the installed plugin on a clock that leaps, with faults from a dice."""
