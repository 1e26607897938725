#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "trainer/metrics/progress.h"

namespace dqnd {

using TaggedValues = std::vector<std::pair<std::string, double>>;

// A number as a person reads it: whole ones in full, others with three digits, "-" for NaN.
std::string ShortNumber(double value);

// The lines of a box like Stable-Baselines3's: one group for each prefix up to "/", in the order in
// which the prefixes first appear. No lines for no values. Plain ASCII, all lines equally long.
std::vector<std::string> TableLines(const TaggedValues& values);

// "[####    ]  30 %  90000/300000 env_steps  912 env_steps/s  ETA 0:05:18", with a bar as long as
// `width` leaves room for and none when that is too little to tell anything.
std::string ProgressBarLine(const Progress& progress, int width);

// One line for a log: "env_steps 90000/300000 (30 %)  fps 912  ETA 0:05:18", then those of `values`
// that tell how learning goes ("ep_rew_mean 1.23  eps 0.95  loss 0.0123"); NaN is left out.
std::string PlainLine(const Progress& progress, const TaggedValues& values);

}  // namespace dqnd
