#include "env_bridge/catch.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <stdexcept>

#include "base/bytes.h"
#include "base/random_stream.h"

namespace dqnd {
namespace {

constexpr int kRows = 10;
constexpr int kColumns = 5;

EnvironmentSpec Spec(const EnvironmentOptions& options) {
  return {.id = "catch",
          .observation = {.type = ElementType::kUint8,
                          .height = kRows,
                          .width = kColumns,
                          .channels = 1,
                          .stack = options.frame_stack.value_or(1)},
          .action_names = {"left", "stay", "right"},
          .min_reward = -1,
          .max_reward = 1,
          .native_width = kColumns,
          .native_height = kRows,
          .frames_per_second = 5,
          .max_episode_env_steps = options.max_episode_env_steps};
}

class Catch final : public Environment {
 public:
  explicit Catch(const EnvironmentOptions& options) : spec_(Spec(options)) {}

  const EnvironmentSpec& spec() const override { return spec_; }

  void Reset(std::optional<uint64_t> seed) override {
    if (seed) {
      seed_ = *seed;
      columns_ = RandomStream(seed_, "catch");
    }
    ball_row_ = 0;
    ball_column_ = static_cast<int>(columns_.Below(kColumns));
    paddle_column_ = kColumns / 2;
  }

  StepResult Step(int action) override {
    assert(action >= 0 && action < spec_.num_actions());
    paddle_column_ = std::clamp(paddle_column_ + action - 1, 0, kColumns - 1);
    ++ball_row_;  // which is also how many env_steps were played
    StepResult result;
    result.terminated = ball_row_ == kRows - 1;
    if (result.terminated) result.reward = paddle_column_ == ball_column_ ? 1 : -1;
    result.truncated = spec_.max_episode_env_steps && ball_row_ >= *spec_.max_episode_env_steps;
    result.game_over = result.done();
    return result;
  }

  void Observe(std::span<uint8_t> out) const override {
    assert(out.size() == kRows * kColumns);
    std::ranges::fill(out, uint8_t{0});
    out[ball_row_ * kColumns + ball_column_] = 1;
    out[(kRows - 1) * kColumns + paddle_column_] = 1;
  }

  void Render(Image& image) const override {
    // [3, 3]: board, ball, paddle.
    static constexpr std::array<uint8_t, 9> kPalette = {24, 28, 40, 255, 200, 60, 90, 190, 255};
    image.SetIndexed(kColumns, kRows, kPalette);
    std::ranges::fill(image.pixels, uint8_t{0});
    image.pixels[(kRows - 1) * kColumns + paddle_column_] = 2;
    image.pixels[ball_row_ * kColumns + ball_column_] = 1;  // on the paddle when it is caught
  }

  std::string SaveState() const override {
    ByteWriter writer;
    writer.String(spec_.id);
    writer.U64(seed_);
    columns_.SaveState(writer);
    for (const int number : {ball_row_, ball_column_, paddle_column_}) writer.I64(number);
    return writer.Take();
  }

  void LoadState(std::string_view state) override {
    ByteReader reader(state);
    if (reader.String() != spec_.id) throw std::runtime_error("the saved state is not of catch");
    seed_ = reader.U64();
    columns_ = RandomStream(seed_, "catch");
    columns_.LoadState(reader);
    ball_row_ = Within(reader.I64(), kRows);
    ball_column_ = Within(reader.I64(), kColumns);
    paddle_column_ = Within(reader.I64(), kColumns);
    if (reader.remaining() != 0) {
      throw std::runtime_error("the saved state of catch has " +
                               std::to_string(reader.remaining()) + " bytes too many");
    }
  }

 private:
  static int Within(int64_t position, int size) {
    if (position < 0 || position >= size) {
      throw std::runtime_error("the saved state of catch has something at " +
                               std::to_string(position) + ", off its board of 10 rows, 5 columns");
    }
    return static_cast<int>(position);
  }

  const EnvironmentSpec spec_;

  uint64_t seed_ = 0;
  RandomStream columns_{0, "catch"};
  int ball_row_ = 0;
  int ball_column_ = 0;
  int paddle_column_ = 0;
};

}  // namespace

std::unique_ptr<Environment> MakeCatch(const EnvironmentOptions& options) {
  return std::make_unique<Catch>(options);
}

}  // namespace dqnd
