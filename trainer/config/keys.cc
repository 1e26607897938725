#include "trainer/config/keys.h"

#include "trainer/config/key_value.h"

// The table is long because it is the whole list of keys, and it reads better in one piece.

namespace dqnd {
namespace {

// A checkpoint's folder name has twelve digits.
constexpr double kMaxEnvSteps = 999'999'999'999;

Range Between(double min, double max) {
  return {.min = min, .max = max};
}
Range AtLeast(double min) {
  return {.min = min};
}
Range Above(double min) {
  return {.min = min, .min_excluded = true};
}
Range FromZeroToBelowOne() {
  return {.min = 0, .max = 1, .max_excluded = true};
}
Range Probability() {
  return Between(0, 1);
}

KeySection RunKeys(RunSection& run) {
  return {
      "run",
      "Which run this is and where its files lie",
      {
          {.name = "name",
           .value = &run.name,
           .documentation = "name of the run, and of its folder",
           .role = KeyRole::kOperational},
          {.name = "directory",
           .value = &run.directory,
           .documentation = "folder that holds the run directories",
           .role = KeyRole::kOperational},
          {.name = "seed",
           .value = &run.seed,
           .documentation = "every random stream of the run is derived from it",
           .range = AtLeast(0)},
          {.name = "max_wall_time",
           .value = &run.max_wall_time,
           .documentation = "the run stops by itself, with a checkpoint, before it has lasted so "
                            "long; start it again to go on; ~: no limit",
           .range = AtLeast(1),
           .role = KeyRole::kOperational},
          {.name = "stop_grace_seconds",
           .value = &run.stop_grace_seconds,
           .documentation = "time for the last checkpoint once the run is told to stop",
           .unit = "seconds",
           .range = Between(1, 86'400),
           .role = KeyRole::kOperational},
      }};
}

// The ALE's own options, which the other families do not know.
std::vector<Key> AtariKeys(EnvironmentSection& environment) {
  return {
      {.name = "frame_skip",
       .value = &environment.frame_skip,
       .documentation = "ale: how long an action is held",
       .unit = "emulator frames",
       .range = Between(1, 100)},
      {.name = "noop_max",
       .value = &environment.noop_max,
       .documentation = "ale: a game starts with up to so many frames of doing nothing",
       .unit = "emulator frames",
       .range = Between(0, 10'000)},
      {.name = "fire_on_reset",
       .value = &environment.fire_on_reset,
       .documentation = "ale: press FIRE at a game's start where the game has it"},
      {.name = "full_action_space",
       .value = &environment.full_action_space,
       .documentation = "ale: all 18 actions instead of those that the game uses"},
      {.name = "life_loss",
       .value = EnumPointer(&environment.life_loss, {"ignore", "terminal", "reset"}),
       .documentation = "ale: a lost life does nothing, ends the learner's episode (the game goes "
                        "on), or starts a new game"},
      {.name = "max_frames_per_episode",
       .value = &environment.max_frames_per_episode,
       .documentation = "ale: a game is truncated after so many frames; 108000 are 30 minutes",
       .unit = "emulator frames",
       .range = Between(1, 1e12)},
      {.name = "screen_size",
       .value = &environment.screen_size,
       .documentation = "ale: height and width of an observation",
       .unit = "pixels",
       .range = Between(1, 1024)},
      {.name = "rom_directory",
       .value = &environment.rom_directory,
       .documentation = "ale: where NAME.bin lies; empty: those that dqnd was built with",
       .role = KeyRole::kOperational},
  };
}

// Of environments in processes of their own.
std::vector<Key> WorkerKeys(EnvironmentSection& environment) {
  return {
      {.name = "arguments",
       .value = &environment.arguments,
       .documentation = "gymnasium, python: what the game is made with, by name"},
      {.name = "wrappers",
       .value = &environment.wrappers,
       .documentation =
           "gymnasium, python: what goes around it, the first innermost: names of "
           "gymnasium.wrappers or MODULE:CLASS, alone or as {NAME: {ARGUMENT: VALUE}}"},
      {.name = "worker",
       .value = &environment.worker,
       .documentation = "gymnasium, python: the program that plays them; it comes with `pip "
                        "install ./env_bridge/python`",
       .role = KeyRole::kOperational},
      {.name = "workers",
       .value = &environment.workers,
       .documentation =
           "gymnasium, python, remote: processes that share the games; ~: one a processor",
       .range = Between(1, 1024),
       .role = KeyRole::kOperational},
      {.name = "worker_deadline_seconds",
       .value = &environment.worker_deadline_seconds,
       .documentation = "gymnasium, python, remote: a worker that does not answer for so long is "
                        "replaced",
       .unit = "seconds",
       .range = Between(1, 86'400),
       .role = KeyRole::kOperational},
      {.name = "worker_access",
       .value = &environment.worker_access,
       .documentation = "remote: a folder with the files token and certificate.pem of the worker "
                        "(`dqnd-env serve` makes them)",
       .role = KeyRole::kOperational},
  };
}

KeySection EnvironmentKeys(EnvironmentSection& environment) {
  KeySection section{
      "environment",
      "The game, and how many of it are played at once; `dqnd envs` lists the ids",
      {
          {.name = "id",
           .value = &environment.id,
           .documentation = "ale:GAME, minatar:GAME, classic:cartpole, classic:acrobot, "
                            "classic:mountain_car, catch, gymnasium:ID, "
                            "python:MODULE:FUNCTION or remote:ADDRESS"},
          {.name = "n_envs",
           .value = &environment.n_envs,
           .documentation = "how many games are played in parallel",
           .range = Between(1, 1024)},
          {.name = "max_episode_env_steps",
           .value = &environment.max_episode_env_steps,
           .documentation = "an episode is truncated after so many; ~: the game's own limit",
           .unit = "env_steps",
           .range = Between(1, kMaxEnvSteps)},
          {.name = "frame_stack",
           .value = &environment.frame_stack,
           .documentation = "observations that the network sees together; ~: 4 for ale, else 1",
           .range = Between(1, 64)},
          {.name = "repeat_action_probability",
           .value = &environment.repeat_action_probability,
           .documentation = "ale, minatar: sticky actions; ~: 0 for ale, 0.1 for minatar",
           .range = Probability()},
          {.name = "difficulty_ramping",
           .value = &environment.difficulty_ramping,
           .documentation = "minatar: the game gets harder as it goes on"},
      }};
  for (Key& key : AtariKeys(environment)) section.keys.push_back(std::move(key));
  for (Key& key : WorkerKeys(environment)) section.keys.push_back(std::move(key));
  return section;
}

KeySection NetworkKeys(NetworkSection& network) {
  return {"network",
          "The Q-network",
          {
              {.name = "architecture",
               .value = EnumPointer(&network.architecture, {"nature_cnn", "minatar_cnn", "mlp"}),
               .documentation = "nature_cnn for Atari, minatar_cnn for MinAtar, mlp for vectors"},
              {.name = "backend",
               .value = EnumPointer(&network.backend, {kBackendNames.begin(), kBackendNames.end()}),
               .documentation = "kind of layers: float; or weights of +-1 (binary_connect), and "
                                "activations of +-1 as well (bnn, xnor_net)"},
              {.name = "hidden_sizes",
               .value = &network.hidden_sizes,
               .documentation = "mlp: width of each hidden layer",
               .unit = "units",
               .range = Between(1, 65'536),
               .length = Between(1, 16)},
              {.name = "width",
               .value = &network.width,
               .documentation = "nature_cnn, minatar_cnn: hidden layers have so many times the "
                                "architecture's channels and units",
               .range = Between(1, 16)},
              {.name = "first_layer",
               .value = EnumPointer(&network.first_layer, {"real", "binary"}),
               .documentation = "binarized backends: weights of the first layer; binary ones suit "
                                "devices without floating point and cost much of the score"},
              {.name = "last_layer",
               .value = EnumPointer(&network.last_layer, {"real", "binary"}),
               .documentation = "binarized backends: weights of the output layer"},
              {.name = "ste",
               .value = EnumPointer(&network.ste, {"identity", "hard_tanh", "bireal"}),
               .documentation = "bnn, xnor_net: what stands for the derivative of sign(x)"},
              {.name = "normalisation",
               .value = EnumPointer(&network.normalisation, {"running", "batch"}),
               .documentation = "binarized backends: an update normalises with running statistics, "
                                "as every other pass does, or with those of its batch"},
              {.name = "shift_based_normalisation",
               .value = &network.shift_based_normalisation,
               .documentation = "bnn: factors of the normalisation are powers of two"},
              {.name = "actor",
               .value = EnumPointer(&network.actor, {"network", "packed"}),
               .documentation = "bnn, xnor_net: acting, evaluation and exhibition games by the "
                                "network itself, or on the packed runtime that devices have"},
          }};
}

KeySection ReplayKeys(ReplaySection& replay) {
  return {
      "replay",
      "The replay memory",
      {
          {.name = "buffer_size",
           .value = &replay.buffer_size,
           .documentation = "how many of the newest transitions are remembered",
           .unit = "transitions",
           .range = Between(1, 1e9)},
          {.name = "max_bytes",
           .value = &replay.max_bytes,
           .documentation = "second, hard bound on the memory's size; ~: what it usually takes",
           .unit = "bytes",
           .range = AtLeast(1)},
          {.name = "codec",
           .value = EnumPointer(&replay.codec, {"none", "lz4"}),
           .documentation =
               "compression of stored frames; lz4 fits a million Atari transitions in a gigabyte"},
          {.name = "on_device",
           .value = &replay.on_device,
           .documentation = "cuda: the GPU has every frame, too (a million of Atari are 7 GB), and "
                            "is sent their numbers"},
      }};
}

// The update's own settings; those before them say how much is done and when.
std::vector<Key> UpdateKeys(TrainSection& train) {
  return {
      {.name = "gamma",
       .value = &train.gamma,
       .documentation = "discount of the next state's value",
       .range = Probability()},
      {.name = "target_update_interval",
       .value = &train.target_update_interval,
       .documentation = "the target network follows the online network every so many",
       .unit = "env_steps",
       .range = Between(1, kMaxEnvSteps)},
      {.name = "tau",
       .value = &train.tau,
       .documentation = "how far the target network follows each time; 1 copies it",
       .range = {.min = 0, .max = 1, .min_excluded = true}},
      {.name = "loss",
       .value = EnumPointer(&train.loss, {"huber", "squared"}),
       .documentation = "of the temporal-difference error, averaged over the batch"},
      {.name = "max_grad_norm",
       .value = &train.max_grad_norm,
       .documentation = "gradients are scaled down to this norm; ~: never",
       .range = Above(0)},
      {.name = "clip_rewards",
       .value = &train.clip_rewards,
       .documentation = "learn from rewards that are clipped to -1 to 1"},
      {.name = "double_q",
       .value = &train.double_q,
       .documentation = "Double DQN: the online network chooses, the target network judges"},
      {.name = "n_steps",
       .value = &train.n_steps,
       .documentation = "rewards that are summed before the next state's value counts",
       .unit = "env_steps",
       .range = Between(1, 1'000)},
      {.name = "init_from",
       .value = &train.init_from,
       .documentation = "a run, checkpoint or .safetensors file whose network the run begins with; "
                        "~: random weights"},
      {.name = "teacher",
       .value = &train.teacher,
       .documentation =
           "a run, checkpoint or .safetensors file beside its config.yaml whose network "
           "is learned from, instead of from rewards; the run keeps a copy"},
      {.name = "teacher_loss",
       .value = EnumPointer(&train.teacher_loss, {"values", "policy"}),
       .documentation = "with a teacher: what is made equal, its Q-values or their softmax"},
      {.name = "teacher_temperature",
       .value = &train.teacher_temperature,
       .documentation = "teacher_loss policy: what Q-values are divided by",
       .range = Above(0)},
      {.name = "teacher_acts",
       .value = &train.teacher_acts,
       .documentation = "the states to learn from are the teacher's play, not the network's own"},
      {.name = "learner",
       .value = EnumPointer(&train.learner, {"direct", "reference"}),
       .documentation = "how a float network's update is computed: direct, by dqnd's own loops, or "
                        "reference, by LibTorch, as a binarized network's always is"},
      {.name = "precision",
       .value = EnumPointer(&train.precision, {"float32", "bfloat16"}),
       .documentation =
           "what the direct learner multiplies; weights, sums and the last layer stay "
           "float32. bfloat16 pays where a processor multiplies it (AVX512_BF16) faster "
           "than float32, and costs where it does not"},
      {.name = "device",
       .value = EnumPointer(&train.device, {"cpu", "cuda"}),
       .documentation = "what computes: this machine's processors, or its first GPU, with a "
                        "LibTorch that has CUDA"},
      {.name = "deterministic",
       .value = &train.deterministic,
       .documentation = "cuda: the same bits each time, on the same GPU; false takes what is "
                        "fastest, products of TF32 included, and resumes to other bits"},
      {.name = "threads",
       .value = &train.threads,
       .documentation = "threads that compute; auto is decided at the first start and then kept",
       .range = Between(1, 1'024),
       .role = KeyRole::kOperational,
       .unset_word = "auto"},
  };
}

KeySection TrainKeys(TrainSection& train) {
  KeySection section{
      "train",
      "The training loop; env_steps count over all environments together",
      {
          {.name = "total_env_steps",
           .value = &train.total_env_steps,
           .documentation = "length of the run; may be raised at any time",
           .unit = "env_steps",
           .range = Between(1, kMaxEnvSteps)},
          {.name = "learning_starts",
           .value = &train.learning_starts,
           .documentation = "random play that fills the memory before the first update",
           .unit = "env_steps",
           .range = Between(1, kMaxEnvSteps)},
          {.name = "train_freq",
           .value = &train.train_freq,
           .documentation = "gradient_steps updates are made per so many",
           .unit = "env_steps",
           .range = Between(1, 1e9)},
          {.name = "gradient_steps",
           .value = &train.gradient_steps,
           .documentation = "updates per train_freq env_steps",
           .unit = "updates",
           .range = Between(1, 1e6)},
          {.name = "batch_size",
           .value = &train.batch_size,
           .documentation = "transitions that an update learns from",
           .unit = "transitions",
           .range = Between(1, 65'536)},
      }};
  for (Key& key : UpdateKeys(train)) section.keys.push_back(std::move(key));
  return section;
}

KeySection OptimizerKeys(OptimizerSection& optimizer) {
  return {"optimizer",
          "How a gradient changes the parameters; ~ takes the default of the chosen one",
          {
              {.name = "name",
               .value = EnumPointer(&optimizer.name, {"adam", "rmsprop", "rmsprop_nature"}),
               .documentation = "adam and rmsprop as in PyTorch; rmsprop_nature as DeepMind's of "
                                "2015, with epsilon inside the root"},
              {.name = "learning_rate",
               .value = &optimizer.learning_rate,
               .documentation = "step size",
               .range = Above(0)},
              {.name = "final_learning_rate",
               .value = &optimizer.final_learning_rate,
               .documentation = "what learning_rate goes to, in a straight line; ~: it stays",
               .range = Above(0)},
              {.name = "decay_env_steps",
               .value = &optimizer.decay_env_steps,
               .documentation = "how long learning_rate takes to reach its final value",
               .unit = "env_steps",
               .range = Between(0, kMaxEnvSteps)},
              {.name = "alpha",
               .value = &optimizer.alpha,
               .documentation = "decay of the mean squared gradient; rmsprop 0.99, "
                                "rmsprop_nature 0.95, adam unused",
               .range = FromZeroToBelowOne()},
              {.name = "centered",
               .value = &optimizer.centered,
               .documentation = "subtract the squared mean gradient; rmsprop false, "
                                "rmsprop_nature always true, adam unused"},
              {.name = "beta1",
               .value = &optimizer.beta1,
               .documentation = "adam only: decay of the mean gradient, 0.9",
               .range = FromZeroToBelowOne()},
              {.name = "beta2",
               .value = &optimizer.beta2,
               .documentation = "adam only: decay of the mean squared gradient, 0.999",
               .range = FromZeroToBelowOne()},
              {.name = "epsilon",
               .value = &optimizer.epsilon,
               .documentation = "keeps the divisor from 0; adam and rmsprop 1e-8, "
                                "rmsprop_nature 0.01",
               .range = Above(0)},
          }};
}

KeySection ExplorationKeys(ExplorationSection& exploration) {
  return {"exploration",
          "How often the agent plays at random: a straight line, then constant",
          {
              {.name = "initial_eps",
               .value = &exploration.initial_eps,
               .documentation = "probability of a random action at the first env_step",
               .range = Probability()},
              {.name = "final_eps",
               .value = &exploration.final_eps,
               .documentation = "probability of a random action from decay_env_steps on",
               .range = Probability()},
              {.name = "decay_env_steps",
               .value = &exploration.decay_env_steps,
               .documentation = "length of the way from initial_eps to final_eps",
               .unit = "env_steps",
               .range = Between(1, kMaxEnvSteps)},
          }};
}

KeySection EvaluationKeys(EvaluationSection& evaluation) {
  return {"evaluation",
          "Games that are played for measurement; the best parameters are kept under best/",
          {
              {.name = "every_env_steps",
               .value = &evaluation.every_env_steps,
               .documentation = "time between evaluations; 0: never",
               .unit = "env_steps",
               .range = Between(0, kMaxEnvSteps)},
              {.name = "episodes",
               .value = &evaluation.episodes,
               .documentation = "games per evaluation",
               .unit = "episodes",
               .range = Between(1, 1e6)},
              {.name = "eps",
               .value = &evaluation.eps,
               .documentation = "probability of a random action in evaluations",
               .range = Probability()},
              {.name = "record",
               .value = &evaluation.record,
               .documentation = "the best one's episodes as best/episodes.dqnrec, for dqnview",
               .role = KeyRole::kOperational},
          }};
}

KeySection CheckpointKeys(CheckpointSection& checkpoint) {
  return {
      "checkpoint",
      "When all that the run needs to go on is saved under checkpoints/, and what is kept",
      {
          {.name = "every_env_steps",
           .value = &checkpoint.every_env_steps,
           .documentation = "time between checkpoints; 0: only at the end",
           .unit = "env_steps",
           .range = Between(0, kMaxEnvSteps),
           .role = KeyRole::kOperational},
          {.name = "every_seconds",
           .value = &checkpoint.every_seconds,
           .documentation = "the same by the clock, beside every_env_steps; ~: not by the clock",
           .unit = "seconds",
           .range = Between(1, 1e9),
           .role = KeyRole::kOperational},
          {.name = "keep_last",
           .value = &checkpoint.keep_last,
           .documentation = "the newest so many checkpoints are kept",
           .unit = "checkpoints",
           .range = Between(1, 1e6),
           .role = KeyRole::kOperational},
          {.name = "keep_every",
           .value = &checkpoint.keep_every,
           .documentation = "and the first one after each so many; 0: none",
           .unit = "env_steps",
           .range = Between(0, kMaxEnvSteps),
           .role = KeyRole::kOperational},
      }};
}

KeySection MetricsKeys(MetricsSection& metrics) {
  return {"metrics",
          "What the run reports while it goes on",
          {
              {.name = "console",
               .value = &metrics.console,
               .documentation = "live table, or plain lines where the output is no terminal",
               .role = KeyRole::kOperational},
              {.name = "csv",
               .value = &metrics.csv,
               .documentation = "progress.csv and evaluations.csv",
               .role = KeyRole::kOperational},
              {.name = "tensorboard",
               .value = &metrics.tensorboard,
               .documentation = "event file for TensorBoard",
               .role = KeyRole::kOperational},
              {.name = "prometheus",
               .value = &metrics.prometheus,
               .documentation = "HOST:PORT to serve /metrics on; ~: not at all",
               .role = KeyRole::kOperational},
              {.name = "every_env_steps",
               .value = &metrics.every_env_steps,
               .documentation = "time between rows of progress.csv and of the event file",
               .unit = "env_steps",
               .range = Between(1, kMaxEnvSteps),
               .role = KeyRole::kOperational},
          }};
}

KeySection ServerKeys(ServerSection& server) {
  return {
      "server",
      "Who watches the run, from where",
      {
          {.name = "listen",
           .value = &server.listen,
           .documentation = "HOST:PORT (port 0: a free one; 0.0.0.0: from everywhere, with TLS) "
                            "or unix:PATH; ~: nobody can watch",
           .role = KeyRole::kOperational},
          {.name = "insecure",
           .value = &server.insecure,
           .documentation = "no TLS, whoever can reach the address",
           .role = KeyRole::kOperational},
          {.name = "max_watchers",
           .value = &server.max_watchers,
           .documentation = "clients that watch or play at the same time",
           .range = Between(1, 1000),
           .role = KeyRole::kOperational},
          {.name = "max_exhibitions",
           .value = &server.max_exhibitions,
           .documentation = "of these, games of their own; each takes a thread",
           .range = Between(0, 100),
           .role = KeyRole::kOperational},
      }};
}

std::vector<KeySection> BoundKeys(Config& config) {
  std::vector<KeySection> table;
  table.push_back(RunKeys(config.run));
  table.push_back(EnvironmentKeys(config.environment));
  table.push_back(NetworkKeys(config.network));
  table.push_back(ReplayKeys(config.replay));
  table.push_back(TrainKeys(config.train));
  table.push_back(OptimizerKeys(config.optimizer));
  table.push_back(ExplorationKeys(config.exploration));
  table.push_back(EvaluationKeys(config.evaluation));
  table.push_back(CheckpointKeys(config.checkpoint));
  table.push_back(MetricsKeys(config.metrics));
  table.push_back(ServerKeys(config.server));
  return table;
}

}  // namespace

bool Range::Contains(double value) const {
  if (min && (value < *min || (min_excluded && value == *min))) return false;
  if (max && (value > *max || (max_excluded && value == *max))) return false;
  return true;
}

std::string Range::Text() const {
  if (!min && !max) return {};
  if (min && max && !min_excluded && !max_excluded) {
    return FormatNumber(*min) + " to " + FormatNumber(*max);
  }
  std::string text;
  if (min) text = (min_excluded ? "above " : "at least ") + FormatNumber(*min);
  if (min && max) text += " and ";
  if (max) text += (max_excluded ? "below " : "at most ") + FormatNumber(*max);
  return text;
}

std::vector<KeySection> KeyTable(Config& config) {
  std::vector<KeySection> table = BoundKeys(config);
  Config untouched;
  const std::vector<KeySection> defaults = BoundKeys(untouched);
  for (size_t i = 0; i < table.size(); ++i) {
    for (size_t j = 0; j < table[i].keys.size(); ++j) {
      Key& key = table[i].keys[j];
      key.path = table[i].name + "." + key.name;
      key.default_yaml = FormatValue(defaults[i].keys[j]);
    }
  }
  return table;
}

}  // namespace dqnd
