"""Python's side of dqnd. dqnd.games plays Gymnasium environments for a daemon; `dqnd-env --help`."""
