#pragma once

#include <string>
#include <vector>

#include "dqnd/v1/moment.pb.h"
#include "viewer/window/theme.h"

namespace dqnd {

// The Q-values of the newest decision as bars, with the actions' names, the chosen one marked, and
// whether it was drawn at random or chosen by a person.
class DecisionCard {
 public:
  // `step` is null before the first decision.
  void Draw(const Theme& theme, const std::vector<std::string>& action_names, const v1::Step* step,
            float width);

 private:
  // The range that the bars show; it grows at once and shrinks slowly, so that they do not jump.
  void FollowRange(const v1::Step& step);

  bool has_range_ = false;
  double low_ = 0;
  double high_ = 1;
};

}  // namespace dqnd
