#pragma once

#include <vector>

#include "env_bridge/minatar/minatar_environment.h"

namespace dqnd {

// A submarine hunts fish and enemy submarines (1 for each that its bullets hit), collects up to six
// divers and must surface before its air is gone. Surfacing costs a diver and fills the air; with
// six on board it costs all of them and gives 1 for each cell of the air gauge; without any it ends
// the game, as do an enemy, an enemy's bullet, and the air's end. With difficulty ramping each
// surfacing makes enemies faster and more frequent.
//
// Channels: front, back, own bullets, the cell behind each swimmer, enemy bullets, fish, enemy
// submarines, air gauge, diver gauge, divers.
class MinatarSeaquest final : public MinatarEnvironment {
 public:
  explicit MinatarSeaquest(const EnvironmentOptions& options);

 private:
  // Anything that crosses the sea along one row.
  struct Swimmer {
    int row = 0;
    int column = 0;
    bool rightward = false;
    int move_wait = 0;  // env_steps before it moves; bullets move always
    int shot_wait = 0;  // env_steps before it shoots; submarines only

    void MoveOn() { column += rightward ? 1 : -1; }
    int behind() const { return rightward ? column - 1 : column + 1; }
  };
  using Swimmers = std::vector<Swimmer>;

  void BeginGame() override;
  GameResult Play(MinatarAction action) override;
  void Draw(MinatarPlanes& planes) const override;
  void SaveGame(ByteWriter& writer) const override;
  void LoadGame(ByteReader& reader) override;

  void SpawnWhatIsDue();
  void SpawnEnemy();
  void SpawnDiver();
  void Steer(MinatarAction action);
  void MoveBullets(GameResult& result);
  void MoveDivers();
  void MoveEnemySubmarines(GameResult& result);
  void MoveEnemyBullets(GameResult& result);
  void MoveFish(GameResult& result);
  // Moves an enemy if it is due; returns whether it is still there. One that swims into a bullet
  // takes the bullet with it.
  bool MoveEnemy(Swimmer& enemy, GameResult& result);
  void Breathe(GameResult& result);
  int Surface();

  int back_column() const { return rightward_ ? column_ - 1 : column_ + 1; }
  bool MeetsPlayer(const Swimmer& swimmer) const {
    return swimmer.row == row_ && swimmer.column == column_;
  }

  int row_ = 0;
  int column_ = 0;
  bool rightward_ = false;
  int shot_wait_ = 0;
  int air_ = 0;  // env_steps; below 0 in the last picture of a game that ended for want of it
  // 0 to 6 on board, or fewer than 0: surfacing with six leaves -1, and each surfacing takes one
  // more.
  int divers_on_board_ = 0;
  bool at_surface_ = true;

  int enemy_interval_ = 1;  // env_steps between enemies
  int enemy_wait_ = 0;
  int diver_wait_ = 0;
  int move_interval_ = 0;             // env_steps that a new or just moved enemy waits
  bool faster_at_next_ramp_ = false;  // every second ramp also makes the enemies faster

  // Each in the order of appearance, which decides what a bullet hits first.
  Swimmers bullets_;
  Swimmers enemy_bullets_;
  Swimmers fish_;
  Swimmers submarines_;
  Swimmers divers_;
};

}  // namespace dqnd
