#include "env_bridge/minatar/breakout.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace dqnd {
namespace {

enum Channel { kPaddle, kBall, kTrail, kBrick, kNumChannels };

constexpr int kBottomRow = kMinatarSize - 1;
constexpr int kFirstBrickRow = 1, kLastBrickRow = 3;

}  // namespace

MinatarBreakout::MinatarBreakout(const EnvironmentOptions& options)
    : MinatarEnvironment({.name = "breakout", .channels = kNumChannels, .max_reward = 1}, options) {
}

void MinatarBreakout::BuildWall() {
  for (int row = kFirstBrickRow; row <= kLastBrickRow; ++row) {
    bricks_.row(row) = MinatarGrid::kFullRow;
  }
}

void MinatarBreakout::BeginGame() {
  const bool from_the_right = random().RandInt(0, 2) == 1;
  ball_ = {.row = 3, .column = from_the_right ? kMinatarSize - 1 : 0};
  ball_before_ = ball_;
  row_speed_ = 1;
  column_speed_ = from_the_right ? -1 : 1;
  paddle_column_ = 4;
  within_bricks_ = false;
  bricks_ = MinatarGrid();
  BuildWall();
}

MinatarEnvironment::GameResult MinatarBreakout::Play(MinatarAction action) {
  GameResult result;
  if (action == MinatarAction::kLeft) paddle_column_ = std::max(0, paddle_column_ - 1);
  if (action == MinatarAction::kRight) {
    paddle_column_ = std::min(kMinatarSize - 1, paddle_column_ + 1);
  }

  int next_row = ball_.row + row_speed_;
  int next_column = ball_.column + column_speed_;
  if (!OnMinatarGrid(next_column)) {
    next_column = ball_.column;
    column_speed_ = -column_speed_;
  }
  bool in_brick = false;
  if (next_row < 0) {
    next_row = 0;
    row_speed_ = -row_speed_;
  } else if (bricks_.Test(next_row, next_column)) {
    in_brick = true;
    if (!within_bricks_) {
      result.reward = 1;
      bricks_.Clear(next_row, next_column);
      next_row = ball_.row;
      row_speed_ = -row_speed_;
    }
  } else if (next_row == kBottomRow) {
    result.terminated = MeetPaddle(next_column, next_row);
  }
  within_bricks_ = in_brick;
  ball_before_ = ball_;
  ball_ = {.row = next_row, .column = next_column};
  return result;
}

bool MinatarBreakout::MeetPaddle(int next_column, int& next_row) {
  if (bricks_.Count() == 0) BuildWall();
  const bool from_above = ball_.column == paddle_column_;
  const bool on_the_edge = next_column == paddle_column_;
  if (!from_above && !on_the_edge) return true;
  row_speed_ = -row_speed_;
  if (!from_above) column_speed_ = -column_speed_;  // back to where it came from
  next_row = ball_.row;
  return false;
}

void MinatarBreakout::Draw(MinatarPlanes& planes) const {
  planes.Set(ball_.row, ball_.column, kBall);
  planes.Set(kBottomRow, paddle_column_, kPaddle);
  planes.Set(ball_before_.row, ball_before_.column, kTrail);
  planes.Set(bricks_, kBrick);
}

void MinatarBreakout::SaveGame(ByteWriter& writer) const {
  for (const int value : {paddle_column_, ball_.row, ball_.column, ball_before_.row,
                          ball_before_.column, row_speed_, column_speed_}) {
    writer.I64(value);
  }
  writer.Bool(within_bricks_);
  bricks_.Save(writer);
}

void MinatarBreakout::LoadGame(ByteReader& reader) {
  const auto cell = [&](std::string_view what) {
    return ReadInt(reader, 0, kMinatarSize - 1, what);
  };
  const auto speed = [&](std::string_view what) {
    const int value = ReadInt(reader, -1, 1, what);
    if (value == 0) throw std::runtime_error("saved game of breakout has a ball that stands still");
    return value;
  };
  paddle_column_ = cell("paddle column");
  ball_.row = cell("ball row");
  ball_.column = cell("ball column");
  ball_before_.row = cell("ball's last row");
  ball_before_.column = cell("ball's last column");
  row_speed_ = speed("ball's vertical speed");
  column_speed_ = speed("ball's horizontal speed");
  within_bricks_ = reader.Bool();
  bricks_.Load(reader);
  if (ball_.row == kBottomRow && !terminated()) {
    throw std::runtime_error("saved game of breakout goes on with its ball on the bottom row");
  }
  for (int row = 0; row < kMinatarSize; ++row) {
    if ((row < kFirstBrickRow || row > kLastBrickRow) && bricks_.row(row) != 0) {
      throw std::runtime_error("saved game of breakout has bricks on row " + std::to_string(row));
    }
  }
}

}  // namespace dqnd
