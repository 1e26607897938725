#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "viewer/client/control_client.h"
#include "viewer/client/play_client.h"
#include "viewer/client/recorder.h"
#include "viewer/client/run_model.h"
#include "viewer/client/watch_client.h"
#include "viewer/window/decision_card.h"
#include "viewer/window/game_view.h"
#include "viewer/window/input_card.h"
#include "viewer/window/person_keys.h"
#include "viewer/window/serve_process.h"
#include "viewer/window/stage.h"
#include "viewer/window/window.h"
#include "viewer/window/window_wishes.h"

namespace dqnd {

enum class ViewMode { kTraining, kExhibition };

// A daemon that is watched: the run as it trains, or an exhibition game that a person may take
// over, and everything known about both. The exhibition game lives while it is looked at.
//
// Owned and called by the window's thread; its clients have threads of their own.
class LiveScreen {
 public:
  // `serve`, where given, is the daemon that this program started. A run directory whose daemon
  // goes away is served from here after some seconds. Without a `mode` the run is watched while it
  // trains, and played when it is only served.
  LiveScreen(Window& window, Destination destination, std::unique_ptr<ServeProcess> serve,
             std::optional<ViewMode> mode);

  // Draws everything below the window's edges, and obeys the keyboard where `has_keyboard`. Returns
  // after how many seconds something changes by itself.
  double Draw(bool has_keyboard);

  const RunModel& model() const { return model_; }
  const Destination& destination() const { return destination_; }
  // What the last Draw showed of the game.
  const std::optional<DecodedMoment>& moment() const;
  // A line over the game for a few seconds.
  void ShowToast(const std::string& text);

  WindowWishes TakeWishes() { return std::exchange(wishes_, {}); }

 private:
  struct Layout;

  void TakeNews(double now);
  void FollowDaemon();
  void LeaveServing();
  void DecideMode();
  void SetMode(ViewMode mode);
  double MomentsWanted() const;
  void AskForMoments();
  void StartWatching();
  void StartPlaying();
  void ApplyShow();
  void ToggleSaliency();
  void ToggleRecording();
  void Control(RunCommand command);

  void HandleKeys();
  void HandleTrainingKeys();
  void HandleExhibitionKeys();
  void PlayWithKeys();
  void SetSpeed(double speed);
  void TogglePause();
  void StepGame();
  void ToggleTakeOver();

  void DrawHeader(float width);
  void DrawStageCard(float width, float height);
  void DrawTrainingControls();
  void DrawExhibitionControls();
  void DrawRecordButtons();
  void DrawRemark();
  void DrawSide(float width, float height);
  void DrawStopQuestion();
  StageContent MakeStage();

  bool is_playing() const { return mode_ == ViewMode::kExhibition; }
  bool may_control() const;
  v1::RunPhase phase() const;
  std::string run_name() const;

  Window& window_;
  const Destination destination_;
  std::unique_ptr<ServeProcess> serve_;  // null: the daemon is somebody else's
  std::string served_at_;                // by it, once we are connected
  bool may_serve_ = false;               // the destination is a run directory
  bool is_trained_unheard_ = false;      // a daemon trains there, but does not listen
  bool trained_before_ = false;          // and was watched, until it was served from here
  int looks_in_vain_ = 0;                // for a daemon in the run directory, one a second
  double next_look_ = 0;                 // by ImGui's clock
  ViewMode mode_ = ViewMode::kTraining;
  bool mode_is_decided_ = false;

  RunModel model_;
  bool phase_is_known_ = false;  // since we are connected
  double news_at_ = 0;           // of the daemon, for saying that there have been none
  WatchOptions watch_;
  bool saliency_ = false;
  std::optional<v1::ExhibitionState> game_;
  std::optional<DecodedMoment> game_moment_;
  ConnectionStatus game_connection_;
  std::optional<PersonKeys> keys_;
  std::optional<int> pressed_;
  double speed_ = 1;

  GameView view_;
  DecisionCard decision_;
  InputCard input_;
  std::string toast_;
  double toast_until_ = 0;
  bool asks_stop_ = false;
  WindowWishes wishes_;

  // The clients, whose threads call into what is above, come last.
  Recorder recorder_;
  ControlClient control_;
  std::unique_ptr<WatchClient> watcher_;
  std::unique_ptr<PlayClient> player_;
};

}  // namespace dqnd
