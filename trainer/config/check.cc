#include "trainer/config/check.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace dqnd {
namespace {

[[noreturn]] void Fail(const Locate& locate, const std::vector<std::string>& paths,
                       const std::string& message) {
  throw std::invalid_argument(locate(paths) + ": " + message);
}

void CheckRun(const RunSection& run, const Locate& locate) {
  constexpr size_t kLongestName = 200;  // bytes; file systems allow 255
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  const std::string& name = run.name;
  const char* fault = nullptr;
  if (name.empty()) fault = "it is empty";
  if (name == "." || name == "..") fault = "it stands for another folder";
  if (name.find('/') != std::string::npos) fault = "it contains '/' (run.directory takes a path)";
  if (std::any_of(name.begin(), name.end(), is_control)) fault = "it contains a control character";
  if (name.size() > kLongestName) fault = "it is longer than 200 bytes";
  if (fault != nullptr) {
    Fail(locate, {"run.name"},
         "run.name must be a plain folder name such as 'quickstart': " + std::string(fault));
  }
  if (run.directory.empty()) {
    Fail(locate, {"run.directory"}, "run.directory is empty; write '.' for the current folder");
  }
}

void CheckReplay(const Config& config, const Locate& locate) {
  const int64_t buffer_size = config.replay.buffer_size;
  if (buffer_size < config.train.batch_size) {
    Fail(locate, {"replay.buffer_size", "train.batch_size"},
         "replay.buffer_size is " + std::to_string(buffer_size) + ", less than train.batch_size " +
             std::to_string(config.train.batch_size) +
             "; make the buffer at least as large as a batch");
  }
  if (buffer_size < config.train.learning_starts) {
    Fail(locate, {"replay.buffer_size", "train.learning_starts"},
         "train.learning_starts is " + std::to_string(config.train.learning_starts) +
             ", beyond replay.buffer_size " + std::to_string(buffer_size) +
             ": what is collected first would be forgotten before it is learned from; lower the "
             "one or raise the other");
  }
}

// Members of a section that what was chosen there (a path and its value: "optimizer.name", "adam")
// does not use. They must keep their defaults, so that nobody tunes what has no effect.
class Unused {
 public:
  Unused(std::string chooser, std::string chosen, const Locate& locate)
      : chooser_(std::move(chooser)), chosen_(std::move(chosen)), locate_(locate) {}

  template <typename T>
  void Check(const std::string& path, const T& value, const T& unchanged) const {
    if (value == unchanged) return;
    Fail(locate_, {path, chooser_},
         path + " has no effect with " + chooser_ + " " + chosen_ + "; remove it");
  }

 private:
  std::string chooser_, chosen_;
  const Locate& locate_;
};

void CheckNetwork(const NetworkSection& network, const Locate& locate) {
  const NetworkSection unchanged;
  if (network.architecture != Architecture::kMlp &&
      network.hidden_sizes != unchanged.hidden_sizes) {
    Fail(
        locate, {"network.hidden_sizes", "network.architecture"},
        "network.hidden_sizes belongs to network.architecture mlp; the convolutional networks have "
        "fixed sizes; remove it, or see network.width");
  }
  if (network.architecture == Architecture::kMlp && network.width != unchanged.width) {
    Fail(locate, {"network.width", "network.architecture"},
         "network.width belongs to the convolutional networks; network.architecture mlp has "
         "network.hidden_sizes; remove it");
  }
  const Backend backend = network.backend;
  const bool is_float = backend == Backend::kFloat;
  const Unused unused("network.backend", std::string(kBackendNames[static_cast<size_t>(backend)]),
                      locate);
  if (is_float) {
    unused.Check("network.first_layer", network.first_layer, unchanged.first_layer);
    unused.Check("network.last_layer", network.last_layer, unchanged.last_layer);
    unused.Check("network.normalisation", network.normalisation, unchanged.normalisation);
  }
  if (is_float || backend == Backend::kBinaryConnect) {
    unused.Check("network.ste", network.ste, unchanged.ste);
    unused.Check("network.actor", network.actor, unchanged.actor);
  }
  if (backend != Backend::kBnn) {
    unused.Check("network.shift_based_normalisation", network.shift_based_normalisation,
                 unchanged.shift_based_normalisation);
  }
}

void CheckLearner(const Config& config, const Locate& locate) {
  const TrainSection& train = config.train;
  const TrainSection unchanged;
  const Backend backend = config.network.backend;
  if (backend != Backend::kFloat) {
    const Unused unused("network.backend", std::string(kBackendNames[static_cast<size_t>(backend)]),
                        locate);
    unused.Check("train.learner", train.learner, unchanged.learner);
    unused.Check("train.precision", train.precision, unchanged.precision);
  }
  if (train.learner == LearnerKind::kReference) {
    const Unused unused("train.learner", "reference", locate);
    unused.Check("train.precision", train.precision, unchanged.precision);
  }
  if (train.device == Device::kCpu) {
    const Unused unused("train.device", "cpu", locate);
    unused.Check("train.deterministic", train.deterministic, unchanged.deterministic);
    unused.Check("replay.on_device", config.replay.on_device, ReplaySection().on_device);
    return;
  }
  const Unused unused("train.device", "cuda", locate);
  unused.Check("train.learner", train.learner, unchanged.learner);
  unused.Check("train.precision", train.precision, unchanged.precision);
}

void CheckTeacher(const TrainSection& train, const Locate& locate) {
  const TrainSection unchanged;
  if (!train.teacher) {
    const Unused unused("train.teacher", "~", locate);
    unused.Check("train.teacher_loss", train.teacher_loss, unchanged.teacher_loss);
    unused.Check("train.teacher_temperature", train.teacher_temperature,
                 unchanged.teacher_temperature);
    unused.Check("train.teacher_acts", train.teacher_acts, unchanged.teacher_acts);
    return;
  }
  const Unused unused("train.teacher", *train.teacher, locate);
  unused.Check("train.double_q", train.double_q, unchanged.double_q);
  unused.Check("train.n_steps", train.n_steps, unchanged.n_steps);
  if (train.teacher_loss == TeacherLoss::kValues) {
    const Unused by_loss("train.teacher_loss", "values", locate);
    by_loss.Check("train.teacher_temperature", train.teacher_temperature,
                  unchanged.teacher_temperature);
  }
}

void CheckOptimizer(const Config& config, const Locate& locate) {
  const OptimizerSection& optimizer = config.optimizer;
  Config unchanged;
  unchanged.optimizer.name = optimizer.name;
  ResolveDefaults(unchanged);
  const OptimizerSection& defaults = unchanged.optimizer;
  if (optimizer.final_learning_rate.has_value() != (optimizer.decay_env_steps > 0)) {
    Fail(locate, {"optimizer.decay_env_steps", "optimizer.final_learning_rate"},
         "optimizer.final_learning_rate and optimizer.decay_env_steps say together where the "
         "learning rate goes and how long that takes; set both (to 1e-5 and "
         "train.total_env_steps, for example) or neither");
  }
  if (optimizer.name == OptimizerName::kAdam) {
    const Unused unused("optimizer.name", "adam", locate);
    unused.Check("optimizer.alpha", optimizer.alpha, defaults.alpha);
    unused.Check("optimizer.centered", optimizer.centered, defaults.centered);
    return;
  }
  const bool is_nature = optimizer.name == OptimizerName::kRmspropNature;
  const Unused unused("optimizer.name", is_nature ? "rmsprop_nature" : "rmsprop", locate);
  unused.Check("optimizer.beta1", optimizer.beta1, defaults.beta1);
  unused.Check("optimizer.beta2", optimizer.beta2, defaults.beta2);
  if (is_nature && optimizer.centered == false) {
    Fail(locate, {"optimizer.centered", "optimizer.name"},
         "optimizer.centered is false, but rmsprop_nature is always centered; remove it, or choose "
         "rmsprop");
  }
}

// HOST:PORT, the host in brackets where it contains colons itself.
bool IsAddress(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  const std::string host = address.substr(0, colon);
  const bool bracketed = host.front() == '[' && host.back() == ']';
  if (host.find(':') != std::string::npos && !bracketed) return false;
  int port = -1;
  const char* end = address.data() + address.size();
  const auto [rest, error] = std::from_chars(address.data() + colon + 1, end, port);
  return error == std::errc() && rest == end && port >= 0 && port <= 65'535;
}

}  // namespace

void CheckConfig(const Config& config, const Locate& locate) {
  CheckRun(config.run, locate);
  if (config.environment.id.empty()) {
    Fail(locate, {"environment.id"},
         "environment.id is empty; write FAMILY:NAME, for example minatar:breakout");
  }
  CheckNetwork(config.network, locate);
  CheckLearner(config, locate);
  CheckReplay(config, locate);
  CheckTeacher(config.train, locate);
  CheckOptimizer(config, locate);
  if (const auto& listen = config.server.listen;
      listen && !IsAddress(*listen) && !listen->starts_with("unix:")) {
    Fail(locate, {"server.listen"},
         "server.listen is '" + *listen +
             "'; write HOST:PORT (127.0.0.1:50051, port 0 takes a free one), unix:PATH, or ~ for "
             "none");
  }
  if (const auto& address = config.metrics.prometheus; address && !IsAddress(*address)) {
    Fail(locate, {"metrics.prometheus"},
         "metrics.prometheus is '" + *address +
             "'; write HOST:PORT with a port of 0 to 65535, for example 127.0.0.1:9100");
  }
}

void ResolveDefaults(Config& config) {
  OptimizerSection& optimizer = config.optimizer;
  const bool is_nature = optimizer.name == OptimizerName::kRmspropNature;
  if (!optimizer.alpha) optimizer.alpha = is_nature ? 0.95 : 0.99;
  if (!optimizer.centered) optimizer.centered = is_nature;
  if (!optimizer.epsilon) optimizer.epsilon = is_nature ? 0.01 : 1e-8;
}

std::vector<std::string> ConfigWarnings(const Config& config) {
  std::vector<std::string> warnings;
  const TrainSection& train = config.train;
  if (train.learning_starts >= train.total_env_steps) {
    warnings.push_back("nothing will be learned: train.learning_starts is " +
                       std::to_string(train.learning_starts) +
                       ", and the run ends at train.total_env_steps " +
                       std::to_string(train.total_env_steps));
  }
  return warnings;
}

}  // namespace dqnd
