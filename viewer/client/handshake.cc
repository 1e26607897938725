#include "viewer/client/handshake.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace dqnd {
namespace {

struct KnownFeature {
  std::string_view name;
  std::string_view description;
};

// Of revisions 1 to kContractRevision; names as in proto/dqnd/v1/run.proto.
constexpr std::array kKnownFeatures = {
    KnownFeature{"training", "the game as it trains"},
    KnownFeature{"exhibition", "exhibition games"},
    KnownFeature{"take_over", "playing yourself"},
    KnownFeature{"rewind", "going back in a game"},
    KnownFeature{"network_input", "what the network sees"},
    KnownFeature{"saliency", "a map of what matters to the network"},
    KnownFeature{"control", "pausing, stepping and stopping the run"},
    KnownFeature{"metrics", "the run's curves"},
};

}  // namespace

std::string MissingFeatures::Text() const {
  std::string text;
  if (!unknown_to_us.empty()) {
    text = fmt::format("This program is older than the daemon and cannot show: {}.",
                       fmt::join(unknown_to_us, ", "));
  }
  if (!lacking_in_daemon.empty()) {
    text += fmt::format("{}The daemon does not offer: {}.", text.empty() ? "" : " ",
                        fmt::join(lacking_in_daemon, ", "));
  }
  return text;
}

MissingFeatures CompareFeatures(const v1::Contract& contract) {
  MissingFeatures missing;
  for (const v1::Feature& offered : contract.features()) {
    const bool known = std::any_of(kKnownFeatures.begin(), kKnownFeatures.end(),
                                   [&](const auto& each) { return each.name == offered.name(); });
    if (known) continue;
    missing.unknown_to_us.push_back(offered.description().empty() ? offered.name()
                                                                  : offered.description());
  }
  for (const KnownFeature& known : kKnownFeatures) {
    const bool offered =
        std::any_of(contract.features().begin(), contract.features().end(),
                    [&](const v1::Feature& each) { return each.name() == known.name; });
    if (!offered) missing.lacking_in_daemon.emplace_back(known.description);
  }
  return missing;
}

}  // namespace dqnd
