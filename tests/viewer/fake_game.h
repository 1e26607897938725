#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "dqnd/v1/environment.pb.h"
#include "dqnd/v1/moment.pb.h"
#include "viewer/client/picture_decoder.h"

namespace dqnd {

// A small game of ball, paddle and bricks that plays by itself, drawn as a console of 1977 would.
// Deterministic: it knows no clock and no chance but its own count.
class FakeGame {
 public:
  static constexpr int kWidth = 160;
  static constexpr int kHeight = 210;
  static constexpr int kActions = 4;  // NOOP, FIRE, RIGHT, LEFT
  // The game's own agent hardly ever loses.
  static constexpr int kMaxEpisodeEnvSteps = 250;

  FakeGame();

  static v1::EnvironmentSpec Spec();

  // Four frames. `person_action` >= 0 plays that, otherwise the game's own agent.
  void Step(int person_action);
  void NewGame();

  // What the picture shows now, compressed: a key picture, or the difference to `before`.
  v1::Picture Encode(bool key);
  // Picture, step, and what was asked for.
  v1::Moment NextMoment(bool key, bool network_input, bool saliency);

  int64_t env_steps() const { return env_steps_; }
  int paddle_x() const { return paddle_x_; }
  double last_return() const { return return_; }

 private:
  void Draw();
  void Bounce();

  DecodedPicture picture_;
  std::vector<uint8_t> sent_;  // the pixels of the picture that was encoded last
  std::vector<std::array<uint8_t, size_t{84} * 84>> seen_;
  std::vector<bool> bricks_;
  int ball_x_ = 80;
  int ball_y_ = 120;
  int speed_x_ = 1;
  int speed_y_ = 2;
  int paddle_x_ = 72;
  int action_ = 0;
  bool by_person_ = false;
  double reward_ = 0;
  double return_ = 0;
  int64_t env_steps_ = 0;
  int64_t episode_env_steps_ = 0;
  bool game_over_ = false;
  bool truncated_ = false;
};

// One LZ4 block of `bytes`.
std::string CompressBlock(const std::vector<uint8_t>& bytes);

}  // namespace dqnd
