#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "dqnd/v1/exhibition.pb.h"
#include "dqnd/v1/run.pb.h"
#include "viewer/client/moment_decoder.h"
#include "viewer/client/reconnector.h"

namespace dqnd {

// What happened in an exhibition game since the last look: of moments the newest, of everything
// else all.
struct PlayNews {
  std::optional<v1::GetRunResponse> run;  // after each handshake
  std::optional<v1::ExhibitionState> state;
  std::optional<DecodedMoment> moment;
  v1::StepSummary not_shown;
  std::vector<ConnectionStatus> statuses;  // in order; the last is how it stands
};

// Plays exhibition games, from two threads of its own: one reads and decodes, one sends what the
// person wants. After a lost connection a new game begins with the speed and the extras that were
// set last; commands that were given in between are forgotten.
//
// All methods may be called by any thread, and none waits for the daemon. `wake` is called on the
// client's thread whenever there is news; it must be quick and may not call this object.
class PlayClient {
 public:
  // `sink` is given every moment, on the client's thread; may be empty. With start.games() > 0 the
  // client is done when they are played: ConnectionStatus::Phase::kEnded.
  PlayClient(Reconnector::Options connection, v1::Start start, std::function<void()> wake,
             MomentSink sink = {});
  PlayClient(const PlayClient&) = delete;
  PlayClient& operator=(const PlayClient&) = delete;
  ~PlayClient();

  // The commands of PlayRequest.
  void SetSpeed(double speed);
  void Pause();
  void Resume();
  void Step();
  void TakeOver();
  void GiveBack();
  void Press(int action);
  void Restart();
  void Rewind(double seconds);
  void Show(bool network_input, bool saliency);

  // What happened since the last call; empty when nothing did.
  PlayNews TakeNews();

 private:
  void RunSession(Connection& connection, const v1::GetRunResponse& run,
                  const std::stop_token& stop);
  // Waits for the next command; nothing when stopped.
  std::optional<v1::PlayRequest> NextCommand(const std::stop_token& stop);
  void Publish(const v1::PlayResponse& response, MomentDecoder& decoder);
  void Send(v1::PlayRequest command);
  // Changes news_ under the lock, then wakes.
  template <typename Change>
  void Tell(Change change);

  const std::function<void()> wake_;
  const MomentSink sink_;
  std::mutex mutex_;
  std::condition_variable_any commanded_;
  // Guarded by mutex_.
  v1::Start start_;  // of the next game, after a lost connection too
  bool in_session_ = false;
  std::deque<v1::PlayRequest> commands_;
  PlayNews news_;
  // Last, so that its thread ends before what it uses.
  Reconnector reconnector_;
};

}  // namespace dqnd
