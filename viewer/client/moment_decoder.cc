#include "viewer/client/moment_decoder.h"

#include <fmt/format.h>

#include <algorithm>

namespace dqnd {
namespace {

constexpr int kMaxSide = PictureDecoder::kMaxSidePixels;
constexpr int kMaxChannelsAndStack = 65536;
constexpr int64_t kMaxElements = int64_t{64} << 20;
// More than any stream brings; less than what could overflow a sum.
constexpr int64_t kMaxCount = int64_t{1} << 50;

std::shared_ptr<const DecodedInput> DecodeInput(const v1::NetworkInput& input) {
  const v1::ObservationSpec& spec = input.observation();
  const auto within = [](int value, int limit) { return value >= 1 && value <= limit; };
  const int64_t element_bytes = spec.element_type() == v1::ELEMENT_TYPE_FLOAT32 ? 4 : 1;
  // The product is formed only when each factor is small enough not to overflow it.
  const bool possible = (spec.element_type() == v1::ELEMENT_TYPE_UINT8 ||
                         spec.element_type() == v1::ELEMENT_TYPE_FLOAT32) &&
                        within(spec.height(), kMaxSide) && within(spec.width(), kMaxSide) &&
                        within(spec.channels(), kMaxChannelsAndStack) &&
                        within(spec.stack(), kMaxChannelsAndStack);
  const int64_t plane = possible ? int64_t{spec.height()} * spec.width() : 0;
  const int64_t depth = possible ? int64_t{spec.channels()} * spec.stack() : 0;
  if (!possible || plane > kMaxElements || depth > kMaxElements / plane) {
    throw DamagedPicture(fmt::format("a network input of {}x[{}, {}, {}] elements of type {}",
                                     spec.stack(), spec.height(), spec.width(), spec.channels(),
                                     int{spec.element_type()}));
  }
  auto decoded = std::make_shared<DecodedInput>();
  decoded->observation = spec;
  DecompressExactly(input.elements_lz4(), static_cast<size_t>(plane * depth * element_bytes),
                    decoded->elements);
  return decoded;
}

std::shared_ptr<const v1::SaliencyMap> CheckedMap(const v1::SaliencyMap& map) {
  const auto fits = [](int side) { return side >= 1 && side <= kMaxSide; };
  if (!fits(map.height()) || !fits(map.width()) ||
      map.strength().size() !=
          static_cast<size_t>(map.height()) * static_cast<size_t>(map.width())) {
    throw DamagedPicture(fmt::format("a saliency map of {}x{} places in {} bytes", map.width(),
                                     map.height(), map.strength().size()));
  }
  return std::make_shared<const v1::SaliencyMap>(map);
}

void AddStep(const v1::Step& step, v1::StepSummary& summary) {
  v1::StepSummary one;
  one.set_env_steps(1);
  one.set_exploratory(step.exploratory() ? 1 : 0);
  one.set_reward_sum(step.reward());
  one.set_reward_min(step.reward());
  one.set_reward_max(step.reward());
  one.set_games_over(step.game_over() ? 1 : 0);
  Add(one, summary);
}

}  // namespace

void Add(const v1::StepSummary& more, v1::StepSummary& summary) {
  const auto sane = [](int64_t count) { return count >= 0 && count <= kMaxCount; };
  if (more.env_steps() == 0 || !sane(more.env_steps()) || !sane(more.exploratory()) ||
      !sane(more.games_over()) || summary.env_steps() > kMaxCount) {
    return;
  }
  const bool first = summary.env_steps() == 0;
  summary.set_reward_min(first ? more.reward_min()
                               : std::min(summary.reward_min(), more.reward_min()));
  summary.set_reward_max(first ? more.reward_max()
                               : std::max(summary.reward_max(), more.reward_max()));
  summary.set_env_steps(summary.env_steps() + more.env_steps());
  summary.set_exploratory(summary.exploratory() + more.exploratory());
  summary.set_reward_sum(summary.reward_sum() + more.reward_sum());
  summary.set_games_over(summary.games_over() + more.games_over());
}

DecodedMoment MomentDecoder::Decode(const v1::Moment& moment) {
  DecodedMoment decoded;
  if (moment.has_picture()) {
    decoded.picture =
        std::make_shared<const RgbaPicture>(ToRgba(pictures_.Decode(moment.picture())));
  }
  if (moment.has_step()) decoded.step = moment.step();
  if (moment.has_network_input()) decoded.network_input = DecodeInput(moment.network_input());
  if (moment.has_saliency()) decoded.saliency = CheckedMap(moment.saliency());
  decoded.unix_nanoseconds = moment.unix_nanoseconds();
  return decoded;
}

void Supersede(std::optional<DecodedMoment>& older, DecodedMoment newer,
               v1::StepSummary& not_shown) {
  if (older.has_value()) {
    if (newer.picture == nullptr) newer.picture = older->picture;
    if (newer.network_input == nullptr) newer.network_input = older->network_input;
    if (newer.saliency == nullptr) newer.saliency = older->saliency;
    if (!newer.step.has_value()) {
      newer.step = older->step;
    } else if (older->step.has_value()) {
      AddStep(*older->step, not_shown);
    }
  }
  older = std::move(newer);
}

}  // namespace dqnd
