#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "env_bridge/environment_options.h"

namespace dqnd {

// The configuration of a run, one plain struct a section. Defaults are written here and nowhere
// else; trainer/config/keys.h says of each member its YAML key, unit, range and meaning.

struct RunSection {
  std::string name = "run";
  std::string directory = "runs";
  int64_t seed = 1;
  std::optional<std::chrono::seconds> max_wall_time;
  int64_t stop_grace_seconds = 8;
};

struct EnvironmentSection : EnvironmentOptions {
  int n_envs = 1;
};

enum class Architecture { kNatureCnn, kMinatarCnn, kMlp };
enum class Backend { kFloat, kBinaryConnect, kBnn, kXnorNet };
inline constexpr std::array<std::string_view, 4> kBackendNames = {"float", "binary_connect", "bnn",
                                                                  "xnor_net"};
enum class ActorKind { kNetwork, kPacked };
enum class LayerKind { kReal, kBinary };
enum class Ste { kIdentity, kHardTanh, kBireal };
enum class NormalisationMode { kRunning, kBatch };

struct NetworkSection {
  Architecture architecture = Architecture::kMinatarCnn;
  Backend backend = Backend::kFloat;
  std::vector<int64_t> hidden_sizes = {64, 64};  // mlp only
  int64_t width = 1;                             // the convolutional ones only
  // All that follow: binarized backends only.
  LayerKind first_layer = LayerKind::kReal;
  LayerKind last_layer = LayerKind::kReal;
  Ste ste = Ste::kHardTanh;  // not binary_connect, which has no binary activations
  NormalisationMode normalisation = NormalisationMode::kRunning;
  bool shift_based_normalisation = false;
  ActorKind actor = ActorKind::kNetwork;
};

enum class Codec { kNone, kLz4 };

struct ReplaySection {
  int64_t buffer_size = 100'000;
  std::optional<int64_t> max_bytes;
  Codec codec = Codec::kNone;
  bool on_device = false;  // a second copy of the frames, beside the learner on a GPU
};

enum class Loss { kHuber, kSquared };
enum class TeacherLoss { kValues, kPolicy };
enum class LearnerKind { kDirect, kReference };
enum class Precision { kFloat32, kBfloat16 };
enum class Device { kCpu, kCuda };

struct TrainSection {
  int64_t total_env_steps = 1'000'000;
  int64_t learning_starts = 5'000;
  int64_t train_freq = 1;
  int64_t gradient_steps = 1;
  int64_t batch_size = 32;
  double gamma = 0.99;
  int64_t target_update_interval = 1'000;
  double tau = 1.0;
  Loss loss = Loss::kHuber;
  std::optional<double> max_grad_norm;
  bool clip_rewards = false;
  bool double_q = false;
  int64_t n_steps = 1;
  std::optional<std::string> init_from;
  std::optional<std::string> teacher;
  // All that follow: with a teacher only.
  TeacherLoss teacher_loss = TeacherLoss::kPolicy;
  double teacher_temperature = 0.1;
  bool teacher_acts = false;

  LearnerKind learner = LearnerKind::kDirect;  // of a float network
  Precision precision = Precision::kFloat32;   // of its products, with the direct learner
  Device device = Device::kCpu;
  bool deterministic = true;       // on a GPU; a processor always is
  std::optional<int64_t> threads;  // unset is `auto`: resolved once, then written to config.yaml
};

enum class OptimizerName { kAdam, kRmsprop, kRmspropNature };

// The formulas are PyTorch's Adam and RMSprop; rmsprop_nature is DeepMind's of 2015, with epsilon
// inside the root. Unset members depend on the optimizer: ResolveDefaults sets them all, those that
// the chosen optimizer does not use included, so that value() never throws after LoadConfig.
struct OptimizerSection {
  OptimizerName name = OptimizerName::kRmsprop;
  double learning_rate = 2.5e-4;
  std::optional<double> final_learning_rate = std::nullopt;  // unset: learning_rate throughout
  int64_t decay_env_steps = 0;
  std::optional<double> alpha;    // decay of the mean square; rmsprop 0.99, rmsprop_nature 0.95
  std::optional<bool> centered;   // subtract the squared mean; rmsprop false, nature always true
  double beta1 = 0.9;             // adam: decay of the mean gradient
  double beta2 = 0.999;           // adam: decay of the mean square
  std::optional<double> epsilon;  // adam and rmsprop 1e-8, rmsprop_nature 0.01
};

struct ExplorationSection {
  double initial_eps = 1.0;
  double final_eps = 0.1;
  int64_t decay_env_steps = 100'000;
};

struct EvaluationSection {
  int64_t every_env_steps = 50'000;  // 0: never
  int64_t episodes = 10;
  double eps = 0.001;
  bool record = false;  // the best one's episodes, as best/episodes.dqnrec
};

struct CheckpointSection {
  int64_t every_env_steps = 50'000;  // 0: only at the end
  std::optional<int64_t> every_seconds;
  int64_t keep_last = 3;
  int64_t keep_every = 0;  // env_steps; 0: none beside keep_last
};

struct MetricsSection {
  bool console = true;
  bool csv = true;
  bool tensorboard = true;
  std::optional<std::string> prometheus;  // HOST:PORT to serve /metrics on
  int64_t every_env_steps = 1'000;        // one row of progress.csv and of the event file
};

struct ServerSection {
  std::optional<std::string> listen = "127.0.0.1:50051";  // unset: nobody can watch
  bool insecure = false;
  int64_t max_watchers = 64;
  int64_t max_exhibitions = 4;
};

struct Config {
  RunSection run;
  EnvironmentSection environment;
  NetworkSection network;
  ReplaySection replay;
  TrainSection train;
  OptimizerSection optimizer;
  ExplorationSection exploration;
  EvaluationSection evaluation;
  CheckpointSection checkpoint;
  MetricsSection metrics;
  ServerSection server;
};

// Reads a YAML file and applies `overrides` ("section.key=value") on top, then checks everything.
// Throws std::invalid_argument with one message that names file, line and column (or the override),
// the value, the allowed range, and for an unknown key the nearest known one; the keys of other
// libraries that people type by habit (total_timesteps, learning_rate under train, ...) are
// answered with ours.
Config LoadConfig(const std::string& path, const std::vector<std::string>& overrides = {});

// The same from YAML text; `source` stands for the file name in messages.
Config ParseConfig(std::string_view yaml, const std::string& source,
                   const std::vector<std::string>& overrides = {});

// Whether this project's own loops compute a run's updates, which do not depend on how many threads
// do; LibTorch does otherwise, on a GPU always.
bool LearnsDirectly(const Config& config);

// Gives every unset member of `optimizer` the chosen optimizer's default. ParseConfig calls it.
// `train.threads` stays unset, since only the start of a run can resolve it.
void ResolveDefaults(Config& config);

// What is allowed but probably not meant, a sentence each: a run that ends before it learns.
std::vector<std::string> ConfigWarnings(const Config& config);

// Every key with its value and its one-line documentation, in the table's order, as YAML that
// LoadConfig reads back to an equal configuration. REQUIRES: defaults are resolved.
std::string ToYaml(const Config& config);

// Keys that decide results and differ between `here`, the configuration of a start, and `there`,
// that of the run as it is stored; as "train.gamma: 0.99 here, 0.95 there"; empty when `here` may
// go on with the run. Operational keys, a larger train.total_env_steps here, and `auto` here may
// differ.
std::vector<std::string> DifferingResultKeys(const Config& here, const Config& there);

// The text of --help-config, and the JSON schema that editors use (configs/schema.json).
std::string ConfigHelp();
std::string ConfigSchema();

}  // namespace dqnd
