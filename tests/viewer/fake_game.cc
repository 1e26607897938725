#include "tests/viewer/fake_game.h"

#include <lz4.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace dqnd {
namespace {

constexpr int kBrickRows = 6;
constexpr int kBrickColumns = 18;
constexpr int kBrickTop = 57;
constexpr int kBrickHeight = 6;
constexpr int kBrickWidth = 8;
constexpr int kLeft = 8;
constexpr int kRight = 152;
constexpr int kPaddleY = 189;
constexpr int kPaddleWidth = 16;
constexpr int kSide = 84;
constexpr int kLongestGame = 200;  // env_steps; an agent that never misses would play for ever

// Black, gray walls, six rows of bricks, the paddle's red, a white digit.
constexpr uint8_t kPalette[] = {0,  0,   0,   142, 142, 142, 200, 72, 72, 198, 108, 58, 180, 122,
                                48, 162, 162, 42,  72,  160, 72,  66, 72, 200, 200, 72, 72};

}  // namespace

std::string CompressBlock(const std::vector<uint8_t>& bytes) {
  std::string block(static_cast<size_t>(LZ4_compressBound(static_cast<int>(bytes.size()))), '\0');
  const int size =
      LZ4_compress_default(reinterpret_cast<const char*>(bytes.data()), block.data(),
                           static_cast<int>(bytes.size()), static_cast<int>(block.size()));
  block.resize(static_cast<size_t>(size));
  return block;
}

FakeGame::FakeGame() {
  picture_ = {kWidth, kHeight, {std::begin(kPalette), std::end(kPalette)}, {}};
  sent_.assign(size_t{kWidth} * kHeight, 0);
  NewGame();
}

v1::EnvironmentSpec FakeGame::Spec() {
  v1::EnvironmentSpec spec;
  spec.set_id("ale:breakout");
  v1::ObservationSpec& observation = *spec.mutable_observation();
  observation.set_element_type(v1::ELEMENT_TYPE_UINT8);
  observation.set_height(kSide);
  observation.set_width(kSide);
  observation.set_channels(1);
  observation.set_stack(4);
  for (const char* name : {"NOOP", "FIRE", "RIGHT", "LEFT"}) spec.add_action_names(name);
  spec.set_native_width_pixels(kWidth);
  spec.set_native_height_pixels(kHeight);
  spec.set_frame_skip(4);
  spec.set_frames_per_second(60);
  spec.set_pixel_aspect(0.85);
  return spec;
}

void FakeGame::NewGame() {
  bricks_.assign(kBrickRows * kBrickColumns, true);
  ball_x_ = 80;
  ball_y_ = 120;
  speed_x_ = 1;
  speed_y_ = 2;
  return_ = 0;
  episode_env_steps_ = 0;
  Draw();
}

void FakeGame::Step(int person_action) {
  if (game_over_) NewGame();
  game_over_ = false;
  reward_ = 0;
  by_person_ = person_action >= 0;
  const int wanted = ball_x_ - kPaddleWidth / 2 - paddle_x_;
  const int agent_action = wanted > 3 ? 2 : wanted < -3 ? 3 : 0;
  action_ = by_person_ ? person_action : agent_action;
  if (action_ == 2) paddle_x_ = std::min(kRight - kPaddleWidth, paddle_x_ + 6);
  if (action_ == 3) paddle_x_ = std::max(kLeft, paddle_x_ - 6);
  for (int frame = 0; frame < 2; ++frame) Bounce();
  ++env_steps_;
  ++episode_env_steps_;
  game_over_ = game_over_ || episode_env_steps_ == kLongestGame;
  return_ += reward_;
  truncated_ = !game_over_ && episode_env_steps_ == kMaxEpisodeEnvSteps;
  game_over_ = game_over_ || truncated_;
  Draw();
}

void FakeGame::Bounce() {
  ball_x_ += speed_x_;
  ball_y_ += speed_y_;
  if (ball_x_ <= kLeft || ball_x_ >= kRight - 2) speed_x_ = -speed_x_;
  if (ball_y_ <= 34) speed_y_ = std::abs(speed_y_);
  const bool over_paddle = ball_x_ >= paddle_x_ - 2 && ball_x_ <= paddle_x_ + kPaddleWidth;
  if (ball_y_ >= kPaddleY - 4 && over_paddle && speed_y_ > 0) {
    speed_y_ = -speed_y_;
    const int side = ball_x_ - paddle_x_ - kPaddleWidth / 2 > 0 ? 1 : -1;
    speed_x_ = side * (1 + static_cast<int>(env_steps_ % 3));
  }
  if (ball_y_ > 206) game_over_ = true;
  const int row = (ball_y_ - kBrickTop) / kBrickHeight;
  const int column = (ball_x_ - kLeft) / kBrickWidth;
  if (ball_y_ < kBrickTop || row >= kBrickRows || column < 0 || column >= kBrickColumns) return;
  const auto brick = static_cast<size_t>(row * kBrickColumns + column);
  if (!bricks_[brick]) return;
  bricks_[brick] = false;
  speed_y_ = -speed_y_;
  reward_ += row < 2 ? 7 : row < 4 ? 4 : 1;
}

void FakeGame::Draw() {
  picture_.pixels.assign(size_t{kWidth} * kHeight, 0);
  const auto fill = [this](int x, int y, int width, int height, uint8_t colour) {
    const int left = std::clamp(x, 0, kWidth);
    const int right = std::clamp(x + width, left, kWidth);
    for (int row = std::max(0, y); row < std::min(kHeight, y + height); ++row) {
      std::fill_n(picture_.pixels.begin() + row * kWidth + left, right - left, colour);
    }
  };
  fill(0, 17, kWidth, 15, 1);
  fill(0, 17, kLeft, 180, 1);
  fill(kRight, 17, kLeft, 180, 1);
  for (int i = 0; i < kBrickRows * kBrickColumns; ++i) {
    if (!bricks_[static_cast<size_t>(i)]) continue;
    fill(kLeft + i % kBrickColumns * kBrickWidth, kBrickTop + i / kBrickColumns * kBrickHeight,
         kBrickWidth, kBrickHeight, static_cast<uint8_t>(2 + i / kBrickColumns));
  }
  fill(paddle_x_, kPaddleY, kPaddleWidth, 4, 8);
  fill(ball_x_, ball_y_, 2, 4, 8);

  std::array<uint8_t, kSide * kSide> gray;
  for (int i = 0; i < kSide * kSide; ++i) {
    const int y = i / kSide * kHeight / kSide;
    const int x = i % kSide * kWidth / kSide;
    const uint8_t* rgb = kPalette + 3 * picture_.pixels[static_cast<size_t>(y * kWidth + x)];
    gray[static_cast<size_t>(i)] = static_cast<uint8_t>((rgb[0] * 3 + rgb[1] * 6 + rgb[2]) / 10);
  }
  seen_.resize(4, gray);
  std::rotate(seen_.begin(), seen_.begin() + 1, seen_.end());
  seen_.back() = gray;
}

v1::Picture FakeGame::Encode(bool key) {
  v1::Picture encoded;
  if (key) {
    encoded = EncodeKeyPicture(picture_);
  } else {
    encoded.set_width_pixels(kWidth);
    encoded.set_height_pixels(kHeight);
    encoded.set_pixel_format(v1::PIXEL_FORMAT_INDEXED);
    std::vector<uint8_t> difference(picture_.pixels.size());
    std::transform(picture_.pixels.begin(), picture_.pixels.end(), sent_.begin(),
                   difference.begin(),
                   [](uint8_t now, uint8_t before) -> uint8_t { return now ^ before; });
    encoded.set_pixels_lz4(CompressBlock(difference));
  }
  sent_ = picture_.pixels;
  return encoded;
}

v1::Moment FakeGame::NextMoment(bool key, bool network_input, bool saliency) {
  v1::Moment moment;
  *moment.mutable_picture() = Encode(key);
  v1::Step& step = *moment.mutable_step();
  step.set_env_step(env_steps_);
  step.set_episode_env_step(episode_env_steps_);
  step.set_action(action_);
  step.set_exploratory(!by_person_ && env_steps_ % 17 == 0);
  step.set_by_person(by_person_);
  const double phase = static_cast<double>(env_steps_) / 40;
  for (int action = 0; action < kActions; ++action) {
    const double bonus = action == action_ ? 0.12 : 0;
    step.add_q_values(static_cast<float>(1.6 + 0.4 * std::sin(phase) +
                                         0.06 * std::cos(phase * (action + 1)) + bonus));
  }
  step.set_reward(reward_);
  step.set_return_so_far(return_);
  step.set_epsilon(0.1);
  step.set_game_over(game_over_);
  step.set_terminated(game_over_ && !truncated_);
  step.set_truncated(truncated_);
  if (network_input) {
    v1::NetworkInput& input = *moment.mutable_network_input();
    *input.mutable_observation() = Spec().observation();
    std::vector<uint8_t> elements;
    for (const auto& each : seen_) elements.insert(elements.end(), each.begin(), each.end());
    input.set_elements_lz4(CompressBlock(elements));
  }
  if (saliency) {
    v1::SaliencyMap& map = *moment.mutable_saliency();
    map.set_height(kSide);
    map.set_width(kSide);
    map.set_largest_change(0.31f);
    const double x = ball_x_ * 84.0 / kWidth;
    const double y = ball_y_ * 84.0 / kHeight;
    for (int i = 0; i < kSide * kSide; ++i) {
      const double distance = std::hypot(i % kSide - x, i / kSide - y);
      map.mutable_strength()->push_back(
          static_cast<char>(std::lround(255 * std::exp(-distance * distance / 60))));
    }
  }
  return moment;
}

}  // namespace dqnd
