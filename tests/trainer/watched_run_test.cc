// Watching is free and changes nothing: a run with clients against one without.
#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <sstream>
#include <thread>

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>

#include "base/fault_injecting_file_system.h"
#include "env_bridge/watch/exhibition_game.h"
#include "trainer/bridge.h"
#include "trainer/session.h"

namespace dqnd {
namespace {

// A run of Catch, MinAtar or Atari in memory, with everything that clients reach.
class WatchedRun {
 public:
  explicit WatchedRun(const Config& config) : config_(config) {
    at::set_num_threads(1);
    files_.CreateFolders("/run");
    session_ = std::make_unique<Session>(
        SessionOptions{.config = config, .run = "/run", .feed = &feed_}, files_, log_);
    const Dqn& dqn = session_->dqn();
    bridge_ = std::make_unique<Bridge>(Bridge::Options{.config = config,
                                                       .environment = dqn.environment(),
                                                       .n_envs = config.environment.n_envs},
                                       dqn.learner().parameters(), 0, feed_, news_,
                                       [this] { stop_.request_stop(); });
    session_->Connect(*bridge_);
  }
  ~WatchedRun() { session_ = nullptr; }

  TrainingLoop::Ending Train() { return session_->Run(stop_.get_token()); }

  Bridge& bridge() { return *bridge_; }
  RemoteControl& control() { return bridge_->control(); }
  RunFeed& feed() { return feed_; }
  const Dqn& dqn() const { return session_->dqn(); }
  const Config& config() const { return config_; }

  // Of the newest checkpoint, by name.
  std::map<std::string, std::string> Result() {
    const StoredCheckpoint newest(files_, "/run", CheckpointStore::List(files_, "/run").front());
    std::map<std::string, std::string> result;
    for (const FileRecord& file : newest.manifest().files) {
      result[file.name] = newest.Read(file.name);
    }
    return result;
  }

  // Waits until a command is done, and returns its failure.
  static std::string Ask(const std::function<void(RunControl::Done)>& command) {
    std::promise<std::string> answer;
    command([&](const std::string& failure) { answer.set_value(failure); });
    return answer.get_future().get();
  }

 private:
  const Config config_;
  FaultInjectingFileSystem files_;
  spdlog::logger log_{"run", std::make_shared<spdlog::sinks::null_sink_mt>()};
  Wakeup news_;
  RunFeed feed_{news_};
  std::stop_source stop_;
  std::unique_ptr<Bridge> bridge_;
  std::unique_ptr<Session> session_;
};

Config Parse(const std::string& environment, const std::string& network, int64_t total) {
  Config config =
      ParseConfig("environment: {id: \"" + environment + "\", n_envs: 2}\nnetwork: {" + network +
                      "}\n"
                      "replay: {buffer_size: 500}\n"
                      "train: {learning_starts: 100, target_update_interval: 50, batch_size: 8}\n"
                      "exploration: {decay_env_steps: 400}\n"
                      "evaluation: {every_env_steps: 300, episodes: 2}\n"
                      "checkpoint: {every_env_steps: 250}\n"
                      "metrics: {every_env_steps: 100}\n",
                  "test");
  config.train.threads = 1;
  config.train.total_env_steps = total;
  return config;
}

Config Catch(int64_t total = 2000) {
  return Parse("catch", "architecture: mlp, hidden_sizes: [16]", total);
}

// Each with its subscription, its network and its own game.
class Viewers {
 public:
  Viewers(WatchedRun& run, int count) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, &run, i](const std::stop_token& stop) {
        const auto subscription = run.bridge().hub().Subscribe(
            {.environment_index = i % 2, .moments_per_second = 100.0 * (i + 1)});
        EnvironmentOptions environment = run.config().environment;
        ExhibitionGame game({.environment = environment, .eps = 0.1, .seed = 1},
                            run.bridge().network().Make());
        while (!stop.stop_requested()) {
          if (subscription->Take().moment != nullptr) ++moments_;
          game.Play();
        }
      });
    }
  }
  int64_t moments() const { return moments_; }

 private:
  std::atomic<int64_t> moments_ = 0;
  std::vector<std::jthread> threads_;
};

void ExpectThatWatchingChangesNothing(const Config& config, int count, int pauses) {
  WatchedRun alone(config);
  ASSERT_EQ(alone.Train(), TrainingLoop::Ending::kComplete);

  WatchedRun watched(config);
  int paused = 0;
  int64_t moments = 0;
  {
    const Viewers viewers(watched, count);
    std::jthread person([&](const std::stop_token& stop) {
      while (!stop.stop_requested() && paused < pauses) {
        auto& control = watched.control();
        if (!WatchedRun::Ask([&](auto done) { control.Pause(done); }).empty()) return;
        WatchedRun::Ask([&](auto done) { control.Step(3, done); });
        if (paused % 10 == 0) WatchedRun::Ask([&](auto done) { control.Checkpoint(done); });
        WatchedRun::Ask([&](auto done) { control.Resume(done); });
        ++paused;
      }
    });
    ASSERT_EQ(watched.Train(), TrainingLoop::Ending::kComplete);
    moments = viewers.moments();
  }
  EXPECT_EQ(paused, pauses);
  EXPECT_GT(moments, 0);
  EXPECT_EQ(watched.Result(), alone.Result());
}

TEST(WatchedRun, EndsWithTheSameBitsAsOneThatNobodyWatchedAndPaused) {
  ExpectThatWatchingChangesNothing(Catch(60'000), 10, 100);
}

#ifdef DQND_WITH_ALE
TEST(WatchedRun, OfAtariEndsWithTheSameBits) {
  Config config = Parse("ale:breakout", "architecture: nature_cnn", 600);
  config.environment.max_episode_env_steps = 60;
  ExpectThatWatchingChangesNothing(config, 2, 5);
}
#endif

TEST(WatchedRun, StandsStillWhilePausedAndPlaysExactlyTheStepsAskedFor) {
  WatchedRun run(Catch());
  std::promise<std::string> paused;
  run.control().Pause([&](const std::string& failure) { paused.set_value(failure); });
  std::jthread training([&] { run.Train(); });
  EXPECT_EQ(paused.get_future().get(), "");
  EXPECT_EQ(run.control().state().phase, RunPhase::kPaused);
  const int64_t before = run.control().state().env_steps;
  EXPECT_EQ(WatchedRun::Ask([&](auto done) { run.control().Step(7, done); }), "");
  EXPECT_EQ(run.control().state().env_steps, before + 14);
  EXPECT_EQ(run.control().state().phase, RunPhase::kPaused);
  EXPECT_EQ(WatchedRun::Ask([&](auto done) { run.control().Resume(done); }), "");
}

TEST(WatchedRun, APausedOneDoesNotSayWhenItWillBeComplete) {
  WatchedRun run(Catch());
  std::promise<std::string> paused;
  run.control().Pause([&](const std::string& failure) { paused.set_value(failure); });
  std::jthread training([&] { run.Train(); });
  paused.get_future().get();
  WatchedRun::Ask([&](auto done) { run.control().Step(7, done); });
  EXPECT_EQ(run.control().state().env_steps, 14);
  EXPECT_EQ(run.control().state().remaining_seconds, std::nullopt);
  // Nor does its time go on.
  const double elapsed = run.control().state().elapsed_seconds;
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  WatchedRun::Ask([&](auto done) { run.control().Checkpoint(done); });
  EXPECT_LT(run.control().state().elapsed_seconds - elapsed, 0.4);
  WatchedRun::Ask([&](auto done) { run.control().Resume(done); });
}

TEST(WatchedRun, ACheckpointIsCompleteWhenItsClientIsAnswered) {
  WatchedRun run(Catch());
  std::promise<std::string> paused;
  run.control().Pause([&](const std::string& failure) { paused.set_value(failure); });
  std::jthread training([&] { run.Train(); });
  paused.get_future().get();
  WatchedRun::Ask([&](auto done) { run.control().Step(5, done); });
  std::optional<int64_t> told;
  WatchedRun::Ask([&](auto done) {
    run.control().Checkpoint([&, done](const std::string& failure) {
      told = run.control().state().checkpoint->env_steps;
      done(failure);
    });
  });
  EXPECT_EQ(told, 10);
  WatchedRun::Ask([&](auto done) { run.control().Resume(done); });
}

TEST(WatchedRun, StoppedByAClientEndsWithACheckpointAndSaysWhoStoppedIt) {
  WatchedRun run(Catch(100'000'000));
  std::jthread client([&] {
    while (run.control().state().env_steps == 0) std::this_thread::yield();
    WatchedRun::Ask([&](auto done) { run.control().Stop(done); });
  });
  EXPECT_EQ(run.Train(), TrainingLoop::Ending::kStopped);
  EXPECT_TRUE(run.control().stopped());
  EXPECT_FALSE(run.Result().empty());
}

TEST(WatchedRun, StepsOfARunThatIsNotPausedAreRefused) {
  WatchedRun run(Catch(100'000'000));
  std::jthread training([&] { run.Train(); });
  EXPECT_EQ(WatchedRun::Ask([&](auto done) { run.control().Step(1, done); }),
            "the run is not paused; pause it, then step");
  WatchedRun::Ask([&](auto done) { run.control().Stop(done); });
}

TEST(WatchedRun, APauseHoldsAnEvaluationToo) {
  Config config = Catch(100'000'000);
  config.evaluation.every_env_steps = 300;
  config.evaluation.episodes = 100'000'000;
  WatchedRun run(config);
  std::jthread training([&] { run.Train(); });
  while (run.control().state().phase != RunPhase::kEvaluating) std::this_thread::yield();
  EXPECT_EQ(WatchedRun::Ask([&](auto done) { run.control().Pause(done); }), "");
  EXPECT_EQ(run.control().state().phase, RunPhase::kPaused);
  EXPECT_NE(
      WatchedRun::Ask([&](auto done) { run.control().Step(1, done); }).find("within an evaluation"),
      std::string::npos);
  EXPECT_EQ(WatchedRun::Ask([&](auto done) { run.control().Checkpoint(done); }), "");
  WatchedRun::Ask([&](auto done) { run.control().Stop(done); });
}

TEST(WatchedRun, TellsWhereItStands) {
  WatchedRun run(Catch(1000));
  ASSERT_EQ(run.Train(), TrainingLoop::Ending::kComplete);
  const RunState state = run.control().state();
  EXPECT_EQ(state.phase, RunPhase::kStopping);
  EXPECT_EQ(state.env_steps, 1000);
  EXPECT_EQ(state.total_env_steps, 1000);
  EXPECT_EQ(state.updates, run.dqn().updates());
  EXPECT_EQ(state.replay_transitions, 500);
  EXPECT_TRUE(state.mean_return.has_value());
  EXPECT_TRUE(state.best_evaluation.has_value());
  EXPECT_GT(state.resident_bytes, 0);
  EXPECT_EQ(run.feed().Curves({"rollout/ep_rew_mean"}).size(), 1u);
}

TEST(WatchedRun, CommandsThatComeAfterItsEndAreRefused) {
  WatchedRun run(Catch(200));
  run.Train();
  EXPECT_EQ(WatchedRun::Ask([&](auto done) { run.control().Pause(done); }), "the run ends");
}

}  // namespace
}  // namespace dqnd
