#pragma once

#include "env_bridge/minatar/minatar_environment.h"

namespace dqnd {

// A ball that flies diagonally, a paddle of one cell on the bottom row, three rows of bricks. A
// brick gives 1; a ball that is missed ends the game. When no brick is left, the wall is built anew
// as soon as the ball reaches the bottom row.
//
// Channels: paddle, ball, where the ball was before, bricks.
class MinatarBreakout final : public MinatarEnvironment {
 public:
  explicit MinatarBreakout(const EnvironmentOptions& options);

 private:
  struct Ball {
    int row = 0;
    int column = 0;
  };

  void BeginGame() override;
  GameResult Play(MinatarAction action) override;
  void Draw(MinatarPlanes& planes) const override;
  void SaveGame(ByteWriter& writer) const override;
  void LoadGame(ByteReader& reader) override;

  void BuildWall();
  // What happens when the ball enters the bottom row at `next_column`; returns whether it was
  // missed.
  bool MeetPaddle(int next_column, int& next_row);

  int paddle_column_ = 0;
  Ball ball_;
  Ball ball_before_;
  int row_speed_ = 1;     // -1 up, +1 down
  int column_speed_ = 1;  // -1 left, +1 right
  // Whether the last env_step ended within the bricks: the ball breaks only the first of a row of
  // bricks that it goes through without leaving them.
  bool within_bricks_ = false;
  MinatarGrid bricks_;
};

}  // namespace dqnd
