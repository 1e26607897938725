#include <algorithm>
#include <cassert>
#include <stdexcept>

#include <fmt/format.h>

#include "base/bytes.h"
#include "env_bridge/make_environment.h"
#include "env_bridge/remote/remote_environment.h"
#include "env_bridge/vector_environment.h"

namespace dqnd {
namespace {

class NativeVectorEnvironment final : public VectorEnvironment {
 public:
  NativeVectorEnvironment(const EnvironmentOptions& options, int n_envs, ThreadTeam* team)
      : environments_(MakeEnvironments(options, n_envs)), team_(team != nullptr ? *team : alone_) {
    observation_bytes_ = static_cast<size_t>(spec().observation.bytes());
    results_.resize(n_envs);
    outcomes_.resize(n_envs * observation_bytes_);
    observations_.resize(n_envs * observation_bytes_);
  }

  const EnvironmentSpec& spec() const override { return environments_.front()->spec(); }
  int size() const override { return static_cast<int>(environments_.size()); }

  void Reset(std::span<const uint64_t> seeds) override {
    assert(seeds.size() == environments_.size());
    for (int k = 0; k < size(); ++k) {
      environments_[k]->Reset(seeds[k]);
      environments_[k]->Observe(Row(observations_, k));
    }
  }

  void Step(std::span<const int> actions) override {
    assert(actions.size() == environments_.size());
    const auto step = [&](int64_t k) {
      Environment& environment = *environments_[k];
      results_[k] = environment.Step(actions[k]);
      const std::span<uint8_t> outcome = Row(outcomes_, k), observation = Row(observations_, k);
      environment.Observe(outcome);
      if (results_[k].done()) {
        environment.Reset();
        environment.Observe(observation);
      } else {
        std::ranges::copy(outcome, observation.begin());
      }
    };
    team_.For(size(), step, spec().takes_long);
  }

  std::span<const StepResult> results() const override { return results_; }
  std::span<const uint8_t> outcomes() const override { return outcomes_; }
  std::span<const uint8_t> observations() const override { return observations_; }

  void Render(int k, Image& image) const override {
    assert(k >= 0 && k < size());
    environments_[k]->Render(image);
  }

  std::string SaveState() const override {
    ByteWriter writer;
    writer.U64(environments_.size());
    for (const auto& environment : environments_) writer.String(environment->SaveState());
    return writer.Take();
  }

  void LoadState(std::string_view state) override {
    ByteReader reader(state);
    if (const uint64_t saved = reader.U64(); saved != environments_.size()) {
      throw std::runtime_error(fmt::format("the saved state is of {} environments, expected {}",
                                           saved, environments_.size()));
    }
    for (int k = 0; k < size(); ++k) {
      environments_[k]->LoadState(reader.String());
      environments_[k]->Observe(Row(observations_, k));
    }
    if (reader.remaining() != 0) {
      throw std::runtime_error(fmt::format(
          "the saved state of {} environments has {} bytes too many", size(), reader.remaining()));
    }
  }

 private:
  using Environments = std::vector<std::unique_ptr<Environment>>;

  static Environments MakeEnvironments(const EnvironmentOptions& options, int n_envs) {
    Environments environments;
    for (int k = 0; k < n_envs; ++k) environments.push_back(MakeEnvironment(options));
    return environments;
  }

  std::span<uint8_t> Row(std::vector<uint8_t>& rows, int64_t k) const {
    return std::span(rows).subspan(k * observation_bytes_, observation_bytes_);
  }

  Environments environments_;
  ThreadTeam alone_{1};
  ThreadTeam& team_;
  size_t observation_bytes_ = 0;

  std::vector<StepResult> results_;
  std::vector<uint8_t> outcomes_;      // [size, observation bytes]
  std::vector<uint8_t> observations_;  // [size, observation bytes]
};

}  // namespace

std::unique_ptr<VectorEnvironment> MakeVectorEnvironment(const EnvironmentOptions& options,
                                                         int n_envs, ThreadTeam* team) {
  if (n_envs < 1) {
    throw std::invalid_argument(
        fmt::format("environment.n_envs is {}; it must be at least 1", n_envs));
  }
  CheckOptions(options);
  if (IsRemote(options.id)) return MakeRemoteVectorEnvironment(options, n_envs);
  return std::make_unique<NativeVectorEnvironment>(options, n_envs, team);
}

}  // namespace dqnd
