"""A Gymnasium environment in a container beside the trainer's."""

from engine import PROGRAMS, command, digest, ends, logs, new_volume, path, podman, status, until

CARTPOLE = """
run: {name: run}
environment: {id: "classic:cartpole", n_envs: 4, workers: 2}
network: {architecture: mlp, hidden_sizes: [64]}
replay: {buffer_size: 10000}
train: {total_env_steps: 20000, learning_starts: 500, train_freq: 4, threads: 1}
optimizer: {name: adam, learning_rate: 1.0e-3}
evaluation: {every_env_steps: 10000, episodes: 5}
checkpoint: {every_env_steps: 5000}
"""


def serve(socket_volume):
    name = "games"
    podman("run", "--detach", "--name", name, "--replace", "--read-only", "--network", "none", "--cap-drop", "ALL",
           "--volume", f"{socket_volume}:/games", "dqnd-games", "serve", "gymnasium:CartPole-v1",
           "--address", "unix:/games/socket")
    until(lambda: (path(socket_volume) / "socket").exists(), f"{name} listens")
    return name


def play_beside_the_trainer(trainers):
    """The bits of the native game; and a worker's container that is killed is waited for."""
    folder = trainers.folder / "games"
    folder.mkdir()
    config = folder / "cartpole.yaml"
    config.write_text(CARTPOLE)
    done = command(PROGRAMS / "dqnd", "train", config, f"run.directory={folder}", "server.listen=~")
    assert done.returncode == 0, done.stderr
    sockets, runs = new_volume("sockets"), trainers.volume()
    games = serve(sockets)
    options = ("--memory", "2g", "--read-only", "--volume", f"{sockets}:/games", "--volume", f"{config}:/cartpole.yaml:ro")
    remote = ("environment.id=remote:unix:/games/socket",)
    ends(trainers.start(runs, *remote, options=options, config="/cartpole.yaml"), 0)
    assert digest(path(runs) / "run") == digest(folder / "run")

    runs = trainers.volume()
    name = trainers.start(runs, *remote, "train.total_env_steps=100000000", options=options, config="/cartpole.yaml")
    until(lambda: "checkpoint 5000 is complete" in logs(name), "it trains")
    podman("kill", games)
    (path(sockets) / "socket").unlink(missing_ok=True)
    serve(sockets)
    until(lambda: "evaluation" in logs(name).rpartition("is lost")[2], "it goes on with the new container", seconds=180)
    podman("stop", name)
    assert status(name) == 75, logs(name)
    print("games in a container of their own: the bits of native ones; killed and replaced, the run goes on", flush=True)
