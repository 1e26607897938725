#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "viewer/client/connection.h"
#include "viewer/client/play_client.h"
#include "viewer/client/watch_client.h"
#include "viewer/ctl/commands.h"
#include "viewer/ctl/game_screen.h"
#include "viewer/ctl/message_json.h"
#include "viewer/ctl/number_text.h"
#include "viewer/ctl/phase_text.h"
#include "viewer/ctl/printable.h"
#include "viewer/ctl/reach.h"
#include "viewer/ctl/terminal.h"

namespace dqnd {
namespace {

using Clock = Bell::Clock;

// What a game brought since the last look, whichever kind it is.
struct GameNews {
  std::optional<DecodedMoment> moment;
  v1::StepSummary not_shown;
  std::vector<ConnectionStatus> statuses;
  std::string about;  // of the game, for the line below it; empty: as before
};

// A game that is watched.
class Game {
 public:
  virtual ~Game() = default;
  virtual GameNews TakeNews() = 0;
};

class ExhibitionGame final : public Game {
 public:
  ExhibitionGame(const Address& address, Bell& bell)
      : client_(ReachOnce(address), v1::Start(), [&bell] { bell.Ring(); }) {}

  GameNews TakeNews() override {
    PlayNews news = client_.TakeNews();
    GameNews taken{std::move(news.moment), news.not_shown, std::move(news.statuses), ""};
    if (!news.state.has_value()) return taken;
    taken.about = fmt::format("exhibition game {}, parameters of env_step {}",
                              Grouped(news.state->games_over() + 1),
                              Grouped(news.state->parameters_env_steps()));
    if (news.state->has_last_return()) {
      taken.about += fmt::format(", last return {}", ShortNumber(news.state->last_return()));
    }
    return taken;
  }

 private:
  PlayClient client_;
};

class TrainingGame final : public Game {
 public:
  TrainingGame(const Address& address, Bell& bell, int environment, double rate_hz)
      : environment_(environment),
        client_(ReachOnce(address),
                {.environment_index = environment, .moments_per_second = rate_hz},
                [&bell] { bell.Ring(); }) {}

  GameNews TakeNews() override {
    WatchNews news = client_.TakeNews();
    GameNews taken{std::move(news.moment), news.not_shown, std::move(news.statuses), ""};
    if (!news.state.has_value()) return taken;
    taken.about = fmt::format("environment {}, {} at env_step {}", environment_,
                              PhaseText(news.state->phase()), Grouped(news.state->env_steps()));
    return taken;
  }

 private:
  const int environment_;
  WatchClient client_;
};

bool Offers(const v1::GetRunResponse& run, std::string_view feature) {
  return std::any_of(run.contract().features().begin(), run.contract().features().end(),
                     [&](const v1::Feature& each) { return each.name() == feature; });
}

std::unique_ptr<Game> MakeGame(const Session& session, const Address& address,
                               const v1::GetRunResponse& run, const WatchArguments& arguments) {
  const bool training = arguments.training || arguments.environment.has_value() ||
                        (!arguments.exhibition && !Offers(run, "exhibition"));
  if (!training) return std::make_unique<ExhibitionGame>(address, session.bell);
  return std::make_unique<TrainingGame>(address, session.bell, arguments.environment.value_or(0),
                                        arguments.rate_hz);
}

void PrintMoment(const v1::EnvironmentSpec& environment, const GameNews& news) {
  if (!news.moment->step.has_value()) return;
  nlohmann::ordered_json json = ToJson(*news.moment->step);
  const int action = news.moment->step->action();
  if (action >= 0 && action < environment.action_names_size()) {
    json["action_name"] = environment.action_names(action);
  }
  json["unix_nanoseconds"] = news.moment->unix_nanoseconds;
  json["not_shown"] = ToJson(news.not_shown);
  WriteOut(json.dump() + "\n");
}

}  // namespace

void WatchCommand(const Session& session, const Address& address, const WatchArguments& arguments) {
  if (!session.json && !SizeOfTerminal(STDOUT_FILENO).has_value()) {
    throw std::invalid_argument(
        "watch draws in a terminal, and standard output is none; --json prints the moments as "
        "text");
  }
  const std::stop_token stop = session.signals.stop();
  const v1::GetRunResponse run = Connection(address, {}, stop).GetRun(stop);
  const v1::EnvironmentSpec& environment = run.description().environment();
  const std::unique_ptr<Game> game = MakeGame(session, address, run, arguments);
  std::unique_ptr<GameScreen> screen;
  if (!session.json) {
    screen = std::make_unique<GameScreen>(environment, ColourDepthOf(std::getenv("COLORTERM")));
  }
  const auto interval = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(1 / arguments.rate_hz));
  GameContent content;
  content.title = fmt::format("{} on {}", Printable(run.description().name()),
                              Printable(run.description().host()));
  Clock::time_point next = Clock::now();
  while (!stop.stop_requested()) {
    // Of moments that come faster than they are drawn, only the newest is.
    if (Clock::now() < next) {
      session.bell.WaitUntil(next);
      continue;
    }
    GameNews news = game->TakeNews();
    for (const ConnectionStatus& status : news.statuses) ThrowIfLost(status);
    if (session.json) {
      if (news.moment.has_value()) PrintMoment(environment, news);
    } else {
      if (!news.about.empty()) content.about = news.about;
      if (news.moment.has_value()) {
        Supersede(content.moment, std::move(*news.moment), news.not_shown);
      }
      screen->Draw(content);
    }
    next = Clock::now() + interval;
    session.bell.Wait();
  }
}

}  // namespace dqnd
