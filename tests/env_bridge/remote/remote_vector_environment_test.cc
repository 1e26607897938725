#include "env_bridge/remote/remote_vector_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace dqnd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

// What goes wrong at an env_step of a worker.
enum class Fault { kNone, kDies, kNotANumber, kWrongShape, kWrongReward, kNonsense };

// A worker that counts: a game's observation is {seed, env_steps of its episode}, an action is its
// reward, and an episode ends with action 9 (terminated) or 8 (truncated).
class CountingWorkers {
 public:
  bool can_save = false;
  std::map<int, Fault> faults;  // by env_step of all workers together
  int started = 0;
  int most_starts = 1000;
  std::vector<int> sizes;  // games of each worker

  RemoteVectorEnvironment::Connect Connect() {
    return [this](const std::stop_token&) {
      if (++started > most_starts) throw WorkerLost("no more of them");
      return std::make_unique<Link>(*this);
    };
  }

 private:
  struct Game {
    float seed = -1;
    float env_steps = 0;
  };

  class Link final : public WorkerLink {
   public:
    explicit Link(CountingWorkers& workers) : workers_(workers) {}

    void Send(const v1::PlayGamesRequest& request) override {
      answer_.Clear();
      if (request.has_open()) return Open(request.open());
      if (request.has_reset()) return Reset(request.reset());
      if (request.has_step()) return Step(request.step());
      if (request.has_save()) return Save();
      if (request.has_load()) return Load(request.load());
      answer_.mutable_rendered()->set_width(1);
      answer_.mutable_rendered()->set_height(1);
      answer_.mutable_rendered()->set_rgb(std::string(3, static_cast<char>(games_[0].seed)));
    }

    void Receive(v1::PlayGamesResponse& response, Clock::time_point) override {
      if (dead_) throw WorkerLost("it ended with status 1; its last lines: Segmentation fault");
      response = answer_;
    }

   private:
    void Open(const v1::OpenGames& open) {
      games_.resize(open.n_envs());
      workers_.sizes.push_back(open.n_envs());
      v1::GamesOpened& opened = *answer_.mutable_opened();
      opened.set_contract_revision(2);
      opened.set_can_save(workers_.can_save);
      v1::EnvironmentSpec& spec = *opened.mutable_spec();
      spec.set_id("counting");
      for (int i = 0; i < 10; ++i) spec.add_action_names(std::to_string(i));
      spec.mutable_observation()->set_element_type(v1::ELEMENT_TYPE_FLOAT32);
      spec.mutable_observation()->set_height(1);
      spec.mutable_observation()->set_width(1);
      spec.mutable_observation()->set_channels(2);
      spec.mutable_observation()->set_stack(1);
      spec.set_native_width_pixels(1);
      spec.set_native_height_pixels(1);
      spec.set_pixel_aspect(1);
      spec.set_frame_skip(1);
      spec.set_frames_per_second(30);
    }

    void Reset(const v1::ResetGames& reset) {
      for (size_t i = 0; i < games_.size(); ++i) {
        if (reset.seeds_size() > 0) games_[i].seed = static_cast<float>(reset.seeds(i) % 1000);
        games_[i].env_steps = 0;
      }
      answer_.mutable_reset()->set_observations(Observations());
    }

    void Step(const v1::StepGames& step) {
      const Fault fault = workers_.faults[workers_.env_step_++];
      dead_ = fault == Fault::kDies;
      v1::GamesStepped& stepped = *answer_.mutable_stepped();
      std::string terminated(games_.size(), '\0'), truncated = terminated;
      for (size_t i = 0; i < games_.size(); ++i) {
        games_[i].env_steps += 1;
        const int action = step.actions(static_cast<int>(i));
        stepped.add_rewards(fault == Fault::kWrongReward ? std::numeric_limits<double>::infinity()
                                                         : action);
        terminated[i] = action == 9;
        truncated[i] = action == 8;
      }
      stepped.set_outcomes(Observations());
      for (size_t i = 0; i < games_.size(); ++i) {
        if (terminated[i] == 0 && truncated[i] == 0) continue;
        games_[i].env_steps = 0;
        stepped.mutable_first_observations()->append(reinterpret_cast<const char*>(&games_[i]),
                                                     sizeof(Game));
      }
      stepped.set_terminated(terminated);
      stepped.set_truncated(truncated);
      if (fault == Fault::kWrongShape) stepped.mutable_outcomes()->append("x");
      if (fault == Fault::kNotANumber) {
        const float none = std::numeric_limits<float>::quiet_NaN();
        std::memcpy(stepped.mutable_outcomes()->data(), &none, sizeof none);
      }
      if (fault == Fault::kNonsense) answer_.mutable_opened();
    }

    void Save() {
      for (const Game& game : games_) {
        answer_.mutable_saved()->add_states(reinterpret_cast<const char*>(&game), sizeof game);
      }
    }

    void Load(const v1::LoadGames& load) {
      for (size_t i = 0; i < games_.size(); ++i) {
        std::memcpy(&games_[i], load.states(static_cast<int>(i)).data(), sizeof(Game));
      }
      answer_.mutable_loaded()->set_observations(Observations());
    }

    std::string Observations() const {
      return {reinterpret_cast<const char*>(games_.data()), games_.size() * sizeof(Game)};
    }

    CountingWorkers& workers_;
    std::vector<Game> games_;
    v1::PlayGamesResponse answer_;
    bool dead_ = false;
  };

  int env_step_ = 0;
};

std::vector<float> Numbers(std::span<const uint8_t> bytes) {
  std::vector<float> numbers(bytes.size() / sizeof(float));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

RemoteVectorEnvironment Make(CountingWorkers& workers, int n_envs, int groups = 1) {
  return {workers.Connect(), {.id = "python:test:counting", .workers = groups}, n_envs};
}

TEST(RemoteVectorEnvironment, PlaysItsGamesInGroupsAsIfTheyWereOne) {
  CountingWorkers workers;
  RemoteVectorEnvironment games = Make(workers, 5, 2);
  EXPECT_THAT(workers.sizes, ElementsAre(2, 3));
  games.Reset(std::vector<uint64_t>{10, 11, 12, 13, 14});
  EXPECT_THAT(Numbers(games.observations()), ElementsAre(10, 0, 11, 0, 12, 0, 13, 0, 14, 0));
  games.Step(std::vector<int>{1, 9, 3, 8, 5});
  EXPECT_THAT(Numbers(games.outcomes()), ElementsAre(10, 1, 11, 1, 12, 1, 13, 1, 14, 1))
      << "a finished episode's last";
  EXPECT_THAT(Numbers(games.observations()), ElementsAre(10, 1, 11, 0, 12, 1, 13, 0, 14, 1))
      << "and the first of the next";
  EXPECT_EQ(games.results()[0], (StepResult{.reward = 1}));
  EXPECT_EQ(games.results()[1], (StepResult{.reward = 9, .terminated = true, .game_over = true}));
  EXPECT_EQ(games.results()[3], (StepResult{.reward = 8, .truncated = true, .game_over = true}));
  EXPECT_THAT(games.TakeRemarks(), testing::IsEmpty());
}

class LostWorker : public testing::TestWithParam<Fault> {};

TEST_P(LostWorker, IsReplacedAndTheEnvStepOfItsGamesIsLost) {
  CountingWorkers workers;
  workers.faults[3] = GetParam();  // the second group's second env_step
  RemoteVectorEnvironment games = Make(workers, 2, 2);
  games.Reset(std::vector<uint64_t>{10, 11});
  games.Step(std::vector<int>{1, 1});
  games.Step(std::vector<int>{2, 2});
  EXPECT_EQ(workers.started, 3);
  EXPECT_EQ(games.results()[0], (StepResult{.reward = 2})) << "the other group's went on";
  EXPECT_EQ(games.results()[1], (StepResult{.truncated = true, .game_over = true, .lost = true}));
  const std::vector<float> first = Numbers(games.observations());
  EXPECT_NE(first[2], 11) << "a new seed: the episode that led there is not played again";
  EXPECT_EQ(first[3], 0);
  EXPECT_THAT(games.TakeRemarks(), ElementsAre(HasSubstr("a new one goes on, with new episodes")));
  EXPECT_EQ(games.failure(), "");

  games.Step(std::vector<int>{3, 3});
  EXPECT_EQ(games.results()[1], (StepResult{.reward = 3}));
  EXPECT_THAT(Numbers(games.outcomes()), ElementsAre(10, 3, first[2], 1));
}

INSTANTIATE_TEST_SUITE_P(Faults, LostWorker,
                         testing::Values(Fault::kDies, Fault::kNotANumber, Fault::kWrongShape,
                                         Fault::kWrongReward, Fault::kNonsense));

TEST(RemoteVectorEnvironment, AWorkerThatKeepsDyingEndsItWithItsLastLines) {
  CountingWorkers workers;
  for (int env_step = 5; env_step < 100; ++env_step) workers.faults[env_step] = Fault::kDies;
  RemoteVectorEnvironment games = Make(workers, 1);
  games.Reset(std::vector<uint64_t>{10});
  const std::vector<int> action = {1};
  for (int env_step = 0; env_step < 5; ++env_step) games.Step(action);
  EXPECT_EQ(games.failure(), "");
  for (int env_step = 0; env_step < 3; ++env_step) games.Step(action);
  EXPECT_THAT(games.failure(),
              testing::AllOf(HasSubstr("3 times in a row"), HasSubstr("Segmentation fault")));
  EXPECT_EQ(workers.started, 3);
  games.Step(action);
  EXPECT_TRUE(games.results()[0].lost);
  games.SaveState();
}

TEST(RemoteVectorEnvironment, LossesThatAreFarApartAreForgiven) {
  CountingWorkers workers;
  for (int env_step = 200; env_step < 2000; env_step += 200) {
    workers.faults[env_step] = Fault::kDies;
  }
  RemoteVectorEnvironment games = Make(workers, 1);
  games.Reset(std::vector<uint64_t>{10});
  for (int env_step = 0; env_step < 2000; ++env_step) games.Step(std::vector<int>{1});
  EXPECT_EQ(games.failure(), "");
  EXPECT_EQ(games.TakeRemarks().size(), 9u);
}

TEST(RemoteVectorEnvironment, WorkersThatCannotBeReplacedEndIt) {
  CountingWorkers workers;
  workers.faults[0] = Fault::kDies;
  workers.most_starts = 1;
  RemoteVectorEnvironment games = Make(workers, 1);
  games.Reset(std::vector<uint64_t>{10});
  games.Step(std::vector<int>{1});
  EXPECT_THAT(games.failure(), HasSubstr("no more of them"));
}

TEST(RemoteVectorEnvironment, WithoutAnyWorkerSaysWhy) {
  CountingWorkers workers;
  workers.most_starts = 0;
  EXPECT_THAT([&] { Make(workers, 1); },
              ThrowsMessage<std::runtime_error>(HasSubstr("no more of them")));
}

TEST(RemoteVectorEnvironment, GamesThatCanBeSavedGoOnWhereTheyWereInOtherGroupsToo) {
  CountingWorkers workers;
  workers.can_save = true;
  RemoteVectorEnvironment games = Make(workers, 3, 3);
  games.Reset(std::vector<uint64_t>{10, 11, 12});
  games.Step(std::vector<int>{1, 1, 9});
  const std::string state = games.SaveState();
  RemoteVectorEnvironment others = Make(workers, 3, 2);
  others.LoadState(state);
  EXPECT_THAT(Numbers(others.observations()), ElementsAre(10, 1, 11, 1, 12, 0));
  others.Step(std::vector<int>{1, 1, 1});
  EXPECT_FALSE(others.results()[0].lost);
  EXPECT_THAT(Numbers(others.outcomes()), ElementsAre(10, 2, 11, 2, 12, 1));
}

TEST(RemoteVectorEnvironment, GamesThatCannotGoOnWithNewEpisodes) {
  CountingWorkers workers;
  RemoteVectorEnvironment games = Make(workers, 1);
  games.Reset(std::vector<uint64_t>{10});
  games.Step(std::vector<int>{1});
  const std::string state = games.SaveState();
  std::vector<float> firsts;
  for (int twice = 0; twice < 2; ++twice) {
    RemoteVectorEnvironment others = Make(workers, 1);
    others.LoadState(state);
    others.Step(std::vector<int>{9});
    EXPECT_EQ(others.results()[0],
              (StepResult{.truncated = true, .game_over = true, .lost = true}));
    EXPECT_EQ(Numbers(others.observations())[1], 0);
    firsts.push_back(Numbers(others.observations())[0]);
    others.Step(std::vector<int>{4});
    EXPECT_EQ(others.results()[0], (StepResult{.reward = 4}));
  }
  EXPECT_NE(firsts[0], 10);
  EXPECT_EQ(firsts[0], firsts[1]) << "from a seed of the game's own";
}

TEST(RemoteVectorEnvironment, AfterGivingUpAWorkerThatIsLostIsNotReplaced) {
  CountingWorkers workers;
  workers.faults[1] = Fault::kDies;
  RemoteVectorEnvironment games = Make(workers, 1);
  games.Reset(std::vector<uint64_t>{10});
  games.GiveUp();
  games.Step(std::vector<int>{1});
  EXPECT_EQ(games.results()[0], (StepResult{.reward = 1})) << "one that is well still plays";
  for (int twice = 0; twice < 2; ++twice) {
    games.Step(std::vector<int>{1});
    EXPECT_TRUE(games.results()[0].lost);
  }
  EXPECT_EQ(workers.started, 1);
  EXPECT_EQ(games.failure(), "");
}

TEST(RemoteVectorEnvironment, ADamagedStateIsRefused) {
  CountingWorkers workers;
  RemoteVectorEnvironment games = Make(workers, 2);
  games.Reset(std::vector<uint64_t>{1, 2});
  const std::string state = games.SaveState();
  EXPECT_THROW(games.LoadState(state.substr(0, state.size() - 1)), std::runtime_error);
  EXPECT_THROW(games.LoadState(state + "x"), std::runtime_error);
  EXPECT_THROW(Make(workers, 3).LoadState(state), std::runtime_error);
}

TEST(RemoteVectorEnvironment, DrawsAGameOfAnyGroup) {
  CountingWorkers workers;
  RemoteVectorEnvironment games = Make(workers, 2, 2);
  games.Reset(std::vector<uint64_t>{10, 11});
  Image image;
  games.Render(1, image);
  EXPECT_THAT(image.pixels, ElementsAre(11, 11, 11));
}

}  // namespace
}  // namespace dqnd
