"""Games that are played for a dqnd daemon, in a process of their own.

`games` plays Gymnasium environments as the daemon's native ones are played; `spaces` says how their spaces
become bytes and numbers; `wrapping` reads what goes around them; `session` answers the daemon's requests; `frames` brings them over a socket,
and `server` over a network, to `worker` processes."""
