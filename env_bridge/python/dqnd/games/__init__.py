"""Games that are played for a dqnd daemon, in a process of their own.

`games` plays Gymnasium environments as the daemon's native ones are played; `spaces` says how their spaces
become bytes and numbers; `session` answers the daemon's requests; `frames` brings them over a socket."""
