#pragma once

#include <filesystem>
#include <memory>

#include "base/file_system.h"
#include "trainer/config/config.h"
#include "trainer/learner/teacher.h"
#include "trainer/run_directory.h"

namespace dqnd {

// The network of train.teacher. A run keeps a copy of it in its directory, so that it goes on
// wherever it is moved, and whatever becomes of the teacher's own run:
//
//   teacher/network.safetensors, config.yaml   as they were
//   teacher/from                               the train.teacher that they were copied for

// Where it lies: the run's copy, or else what train.teacher names. Throws as FindSavedNetwork does.
SavedNetwork FindTeacher(FileSystem& files, const std::filesystem::path& run,
                         const std::string& teacher);

// Makes the copy, if it is not there or of another teacher.
void KeepTeacher(FileSystem& files, const std::filesystem::path& run, const std::string& teacher,
                 const SavedNetwork& found);

// Loads it. Throws std::invalid_argument when it has learned another game than `environment`, and
// as LoadNetwork does.
std::unique_ptr<Teacher> LoadTeacher(FileSystem& files, const SavedNetwork& found,
                                     const EnvironmentSpec& environment);

}  // namespace dqnd
