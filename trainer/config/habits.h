#pragma once

#include <optional>
#include <string>

namespace dqnd {

// What dqnd calls a setting that Stable-Baselines3, CleanRL or dqn_zoo call `name`, as the end of a
// sentence: "train.total_env_steps". Absent when the name is not known from there. Names that dqnd
// has as well, in some section, are known only with the section that makes another thing of them
// ("exploration.epsilon").
std::optional<std::string> AnswerHabit(const std::string& name);

}  // namespace dqnd
