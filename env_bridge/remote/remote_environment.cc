#include "env_bridge/remote/remote_environment.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>
#include <tuple>
#include <vector>

#include "env_bridge/remote/remote_vector_environment.h"
#include "env_bridge/remote/worker_process.h"
#include "env_bridge/remote/worker_stream.h"

namespace dqnd {
namespace {

RemoteVectorEnvironment::Connect ConnectorOf(const EnvironmentOptions& options) {
  if (IsElsewhere(options.id)) {
    return [address = options.id.substr(kElsewhere.size()),
            access = options.worker_access](const std::stop_token& give_up) {
      return std::make_unique<WorkerStream>(address, access, give_up);
    };
  }
  return [program = options.worker](const std::stop_token& give_up) {
    return std::make_unique<WorkerProcess>(program, give_up);
  };
}

// One game for itself. Where its worker is lost the episode is truncated there.
class RemoteEnvironment final : public Environment {
 public:
  explicit RemoteEnvironment(const EnvironmentOptions& options)
      : game_(ConnectorOf(options), options, 1, /*holds_ends=*/true) {}

  const EnvironmentSpec& spec() const override { return game_.spec(); }

  void Reset(std::optional<uint64_t> seed) override {
    game_.Reset(seed ? std::span(&*seed, 1) : std::span<const uint64_t>());
  }

  StepResult Step(int action) override {
    game_.Step(std::span(&action, 1));
    if (const std::string failure = game_.failure(); !failure.empty()) {
      throw std::runtime_error(failure);
    }
    return game_.results()[0];
  }

  void Observe(std::span<uint8_t> out) const override {
    std::ranges::copy(game_.observations(), out.begin());
  }

  void Render(Image& image) const override { game_.Render(0, image); }
  std::string SaveState() const override { return game_.SaveState(); }
  void LoadState(std::string_view state) override { game_.LoadState(state); }
  std::vector<std::string> TakeRemarks() override { return game_.TakeRemarks(); }
  void GiveUp() override { game_.GiveUp(); }

 private:
  RemoteVectorEnvironment game_;
};

}  // namespace

bool IsRemote(std::string_view id) {
  return id.starts_with("gymnasium:") || id.starts_with("python:") || IsElsewhere(id);
}

bool IsElsewhere(std::string_view id) {
  return id.starts_with(kElsewhere);
}

std::unique_ptr<Environment> MakeRemoteEnvironment(const EnvironmentOptions& options) {
  return std::make_unique<RemoteEnvironment>(options);
}

std::unique_ptr<VectorEnvironment> MakeRemoteVectorEnvironment(const EnvironmentOptions& options,
                                                               int n_envs) {
  return std::make_unique<RemoteVectorEnvironment>(ConnectorOf(options), options, n_envs);
}

EnvironmentSpec SpecOfRemote(const EnvironmentOptions& options) {
  static std::mutex mutex;
  static std::map<
      std::tuple<std::string, std::string, std::string, int64_t, int, std::string, std::string>,
      EnvironmentSpec>
      known;
  const std::lock_guard lock(mutex);
  const auto key =
      std::make_tuple(options.id, options.arguments.text, options.wrappers.text,
                      options.max_episode_env_steps.value_or(0), options.frame_stack.value_or(0),
                      options.worker, options.worker_access);
  const auto found = known.find(key);
  return found != known.end()
             ? found->second
             : known.emplace(key, MakeRemoteEnvironment(options)->spec()).first->second;
}

}  // namespace dqnd
