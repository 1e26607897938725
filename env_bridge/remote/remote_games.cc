#include "env_bridge/remote/remote_games.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

namespace dqnd {
namespace {

using Answered = v1::PlayGamesResponse;

constexpr int kContractRevision = 2;
constexpr int kMostActions = 4096;
constexpr int64_t kLargestObservation = int64_t{64} << 20;  // bytes
constexpr int kLargestSide = 16'384;                        // of a picture, in pixels

void Demand(bool holds, const char* what) {
  if (!holds) throw WorkerLost(fmt::format("its answer is wrong: {}", what));
}

ObservationSpec FromMessage(const v1::ObservationSpec& message) {
  Demand(message.element_type() == v1::ELEMENT_TYPE_UINT8 ||
             message.element_type() == v1::ELEMENT_TYPE_FLOAT32,
         "an unknown element type");
  Demand(message.height() > 0 && message.width() > 0 && message.channels() > 0 &&
             message.stack() > 0 && message.stack() <= 16,
         "an observation's shape");
  const int64_t elements = int64_t{message.height()} * message.width();
  Demand(elements <= kLargestObservation / 4 &&
             elements * message.channels() <= kLargestObservation / 4,
         "an observation beyond 64 MiB");
  return {.type = message.element_type() == v1::ELEMENT_TYPE_UINT8 ? ElementType::kUint8
                                                                   : ElementType::kFloat32,
          .height = message.height(),
          .width = message.width(),
          .channels = message.channels(),
          .stack = message.stack(),
          .scale = message.scale() == 0 ? 1.0f : message.scale()};
}

EnvironmentSpec FromMessage(const v1::EnvironmentSpec& message, bool can_save) {
  EnvironmentSpec spec;
  spec.id = message.id();
  spec.observation = FromMessage(message.observation());
  Demand(message.action_names_size() > 0 && message.action_names_size() <= kMostActions,
         "its number of actions");
  spec.action_names.assign(message.action_names().begin(), message.action_names().end());
  if (message.has_reward_bounds()) {
    spec.min_reward = message.min_reward();
    spec.max_reward = message.max_reward();
  }
  spec.native_width = message.native_width_pixels();
  spec.native_height = message.native_height_pixels();
  spec.pixel_aspect = message.pixel_aspect();
  spec.frame_skip = message.frame_skip();
  spec.frames_per_second = message.frames_per_second();
  Demand(spec.native_width > 0 && spec.native_width <= kLargestSide && spec.native_height > 0 &&
             spec.native_height <= kLargestSide && spec.pixel_aspect > 0 && spec.frame_skip > 0 &&
             spec.frames_per_second > 0,
         "its picture");
  if (message.max_episode_env_steps() > 0) {
    spec.max_episode_env_steps = message.max_episode_env_steps();
  }
  spec.can_save = can_save;
  return spec;
}

}  // namespace

RemoteGames::RemoteGames(std::unique_ptr<WorkerLink> link, const EnvironmentOptions& options,
                         int n_envs, bool holds_ends)
    : link_(std::move(link)),
      deadline_(options.worker_deadline_seconds),
      n_envs_(n_envs),
      holds_ends_(holds_ends) {
  v1::OpenGames& open = *request_.mutable_open();
  open.set_contract_revision(kContractRevision);
  // A worker elsewhere plays one game, whose name is its own.
  if (!options.id.starts_with(kElsewhere)) open.set_id(options.id);
  open.set_n_envs(n_envs);
  open.set_max_episode_env_steps(options.max_episode_env_steps.value_or(0));
  open.set_frame_stack(options.frame_stack.value_or(0));
  open.set_arguments_json(options.arguments.text);
  open.set_wrappers_json(options.wrappers.text);
  open.set_holds_ends(holds_ends);
  Ask(Answered::kOpened);
  const v1::GamesOpened& opened = response_.opened();
  if (opened.contract_revision() != kContractRevision) {
    throw std::invalid_argument(
        fmt::format("the worker speaks revision {} of dqnd.v1 games, this dqnd {}; install the "
                    "dqnd package of this dqnd's checkout",
                    opened.contract_revision(), kContractRevision));
  }
  spec_ = FromMessage(opened.spec(), opened.can_save());
  spec_.worker_bytes = link_->resident_bytes();
  remark_ = opened.remark();
}

void RemoteGames::Reset(std::span<const uint64_t> seeds, std::span<uint8_t> observations) {
  request_.mutable_reset()->mutable_seeds()->Assign(seeds.begin(), seeds.end());
  Ask(Answered::kReset);
  CopyObservations(response_.reset().observations(), observations);
}

void RemoteGames::BeginStep(std::span<const int> actions) {
  request_.mutable_step()->mutable_actions()->Assign(actions.begin(), actions.end());
  link_->Send(request_);
}

void RemoteGames::EndStep(std::span<StepResult> results, std::span<uint8_t> outcomes,
                          std::span<uint8_t> observations) {
  Answer(Answered::kStepped);
  const v1::GamesStepped& stepped = response_.stepped();
  const size_t size = n_envs_, bytes = spec_.observation.bytes();
  Demand(stepped.rewards_size() == n_envs_ && stepped.terminated().size() == size &&
             stepped.truncated().size() == size,
         "a result a game");
  CopyObservations(stepped.outcomes(), outcomes);
  std::ranges::copy(outcomes, observations.begin());
  size_t ended = 0;
  for (size_t game = 0; game < size; ++game) {
    StepResult& result = results[game];
    result = {.reward = stepped.rewards(static_cast<int>(game)),
              .terminated = stepped.terminated()[game] != 0,
              .truncated = stepped.truncated()[game] != 0};
    Demand(std::isfinite(result.reward), "a reward that is not finite");
    result.game_over = result.done();
    if (!result.done() || holds_ends_) continue;
    Demand(stepped.first_observations().size() >= (ended + 1) * bytes, "a first observation");
    stepped.first_observations().copy(
        reinterpret_cast<char*>(observations.subspan(game * bytes, bytes).data()), bytes,
        ended * bytes);
    ++ended;
  }
  Demand(stepped.first_observations().size() == ended * bytes, "its first observations");
}

void RemoteGames::Render(int game, Image& image) {
  request_.mutable_render()->set_game(game);
  Ask(Answered::kRendered);
  const v1::GameRendered& picture = response_.rendered();
  Demand(picture.width() > 0 && picture.width() <= kLargestSide && picture.height() > 0 &&
             picture.height() <= kLargestSide &&
             picture.rgb().size() == size_t{3} * picture.width() * picture.height(),
         "a picture");
  image.width = picture.width();
  image.height = picture.height();
  image.palette.clear();
  image.pixels.assign(picture.rgb().begin(), picture.rgb().end());
}

std::vector<std::string> RemoteGames::Save() {
  request_.mutable_save();
  Ask(Answered::kSaved);
  Demand(response_.saved().states_size() == n_envs_, "a state a game");
  return {response_.saved().states().begin(), response_.saved().states().end()};
}

void RemoteGames::Load(std::span<const std::string> states, std::span<uint8_t> observations) {
  request_.mutable_load()->mutable_states()->Assign(states.begin(), states.end());
  Ask(Answered::kLoaded);
  CopyObservations(response_.loaded().observations(), observations);
}

void RemoteGames::Ask(Answered::AnswerCase expected) {
  link_->Send(request_);
  Answer(expected);
}

void RemoteGames::Answer(Answered::AnswerCase expected) {
  link_->Receive(response_, WorkerLink::Clock::now() + deadline_);
  if (response_.answer_case() == Answered::kFailed) {
    if (response_.failed().is_final()) throw std::invalid_argument(response_.failed().message());
    throw WorkerLost(response_.failed().message());
  }
  Demand(response_.answer_case() == expected, "not to what was asked");
}

void RemoteGames::CopyObservations(const std::string& from, std::span<uint8_t> to) const {
  Demand(from.size() == to.size(), "an observation's size");
  from.copy(reinterpret_cast<char*>(to.data()), to.size());
  if (spec_.observation.type != ElementType::kFloat32) return;
  const std::span numbers(reinterpret_cast<const float*>(to.data()), to.size() / sizeof(float));
  Demand(std::ranges::all_of(numbers, [](float number) { return std::isfinite(number); }),
         "an observation that is not finite");
}

}  // namespace dqnd
