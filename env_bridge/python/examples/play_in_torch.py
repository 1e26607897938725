"""Plays a network that dqnd trained in PyTorch, in the original game: the actions are those of `dqnd evaluate`.

    pip install torch safetensors gymnasium ale-py minatar "opencv-python-headless"
    python play_in_torch.py runs/quickstart/best/network.safetensors minatar:breakout --seed 1 --episodes 10

It knows networks of network.backend float; `dqnd export --format=safetensors` gives those of the others, as numbers
to multiply by."""

import argparse

import gymnasium
import numpy as np
import torch
from safetensors.torch import load_file

STRIDES = {"conv": 1, "conv1": 4, "conv2": 2, "conv3": 1}  # minatar_cnn has conv; nature_cnn conv1 to conv3


def load_network(path):
    """Any architecture of dqnd's: convolutions, then linear layers, each but the last followed by ReLU."""
    tensors = load_file(path)
    names = {name.rpartition(".")[0] for name in tensors}
    names = sorted(names, key=lambda name: (name == "output", not name.startswith("conv"), len(name), name))
    layers = torch.nn.Sequential()
    for name in names:
        weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        if weight.dim() == 4:
            layer = torch.nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2:], STRIDES[name])
        else:
            if not any(isinstance(each, torch.nn.Flatten) for each in layers):
                layers.append(torch.nn.Flatten())
            layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
        layer.load_state_dict({"weight": weight, "bias": bias})
        layers.append(layer)
        if name != "output":
            layers.append(torch.nn.ReLU())
    return layers.eval()


class MinAtar(gymnasium.Env):
    """dqnd's minatar:GAME: all six actions, sticky with 0.1, observations channels first."""

    def __init__(self, name):
        import minatar

        self.game = minatar.Environment(name)

    def reset(self, *, seed=None, options=None):
        if seed is not None:
            self.game.seed(seed % 2**32)
        self.game.reset()
        return self.game.state().transpose(2, 0, 1), {}

    def step(self, action):
        reward, terminated = self.game.act(action)
        return self.game.state().transpose(2, 0, 1), reward, terminated, False, {}


def make_atari(name):
    """dqnd's ale:GAME with noop_max=0, whose no-ops are drawn from a generator of its own: four frames of 84x84."""
    import ale_py

    gymnasium.register_envs(ale_py)
    game = name.title().replace("_", "")
    env = gymnasium.make(f"ALE/{game}-v5", frameskip=1, repeat_action_probability=0.0)
    env = gymnasium.wrappers.AtariPreprocessing(env, noop_max=0, scale_obs=True)
    return gymnasium.wrappers.FrameStackObservation(env, 4, padding_type="zero")


CLASSIC = {"cartpole": "CartPole-v1", "acrobot": "Acrobot-v1", "mountain_car": "MountainCar-v0"}


def make_environment(name):
    """The original of one of dqnd's environments."""
    family, _, game = name.partition(":")
    if family == "minatar":
        return MinAtar(game)
    if family == "ale":
        return make_atari(game)
    return gymnasium.make(CLASSIC[game] if family == "classic" else game)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", help="a network.safetensors")
    parser.add_argument("environment", help="as environment.id: minatar:GAME, classic:GAME, ale:GAME, gymnasium:ID")
    parser.add_argument("--seed", type=int, default=0, help="of the first reset; `dqnd evaluate --actions` prints its own")
    parser.add_argument("--episodes", type=int, default=10)
    parser.add_argument("--actions", help="write the actions here, one a line")
    arguments = parser.parse_args()

    network, env = load_network(arguments.network), make_environment(arguments.environment)
    torch.set_num_threads(1)
    returns, actions = [], []
    for episode in range(arguments.episodes):
        observation, _ = env.reset(seed=arguments.seed if episode == 0 else None)
        returns.append(0.0)
        over = False
        while not over:
            state = torch.from_numpy(np.asarray(observation, np.float32))
            with torch.inference_mode():
                actions.append(int(network(state[None]).argmax()))
            observation, reward, terminated, truncated, _ = env.step(actions[-1])
            returns[-1] += float(reward)
            over = terminated or truncated
    print(f"mean return {np.mean(returns):.2f} +- {np.std(returns):.2f} over {arguments.episodes} episodes")
    if arguments.actions:
        with open(arguments.actions, "w", encoding="utf-8") as file:
            file.writelines(f"{action}\n" for action in actions)


if __name__ == "__main__":
    main()
