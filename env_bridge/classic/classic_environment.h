#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "env_bridge/environment.h"
#include "env_bridge/environment_options.h"
#include "env_bridge/numpy_generator.h"

namespace dqnd {

// What Gymnasium's classic-control games share: a few float64 numbers as the state, a float32
// vector [1, 1, n] as the observation, the seeding of Gymnasium's reset(seed=...), and its
// TimeLimit. A game derives from it and adds its rules.
//
// Everything is equal, bit for bit, to Gymnasium 1.4 with NumPy 2 on a machine with fused
// multiply-add (any x86-64-v3 or ARM64 one). That rests on doing its float64 operations in its
// order, each rounded by itself (-ffp-contract=off), and on the C library's sin, cos and pow, which
// NumPy calls as well.
class ClassicEnvironment : public Environment {
 public:
  const EnvironmentSpec& spec() const final { return spec_; }
  void Reset(std::optional<uint64_t> seed) final;
  StepResult Step(int action) final;
  void Observe(std::span<uint8_t> out) const final;
  void Render(Image& image) const final;
  std::string SaveState() const final;
  void LoadState(std::string_view state) final;

 protected:
  static constexpr int kMaxStateSize = 4;
  static constexpr int kMaxObservationSize = 6;
  using State = std::array<double, kMaxStateSize>;
  using Observation = std::array<float, kMaxObservationSize>;

  struct Outcome {
    double reward;
    bool terminated;
  };

  // `spec` is the game's with Gymnasium's own time limit; `options` may give another one, and the
  // stack.
  ClassicEnvironment(EnvironmentSpec spec, const EnvironmentOptions& options);

 private:
  // Draws an episode's first state and writes its observation. Numbers that the game does not use
  // stay as they are.
  virtual void Begin(NumpyGenerator& generator, State& state, Observation& observation) const = 0;

  // Moves `state` on by one env_step and writes its observation.
  virtual Outcome Advance(int action, State& state, Observation& observation) const = 0;

  // Draws `state`, with the geometry of Gymnasium's picture.
  virtual void Draw(const State& state, Image& image) const = 0;

  EnvironmentSpec spec_;

  NumpyGenerator generator_{0};
  State state_{};
  Observation observation_{};
  int64_t episode_env_steps_ = 0;
};

// The spec of a float32 vector of `size` numbers, used as they are.
ObservationSpec VectorObservation(int size);

}  // namespace dqnd
