#include "trainer/checkpoint/checkpoint_store.h"

#include <algorithm>
#include <charconv>
#include <ranges>
#include <system_error>

#include <fmt/format.h>

namespace dqnd {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifestFile = "manifest.json";

fs::path CheckpointsFolder(const fs::path& run) {
  return run / "checkpoints";
}

fs::path ReplayFolder(const fs::path& run) {
  return run / "replay";
}

// Zero-padded, so that names sort as numbers do.
std::string SegmentName(int64_t first_transition, uint64_t xxh3) {
  return fmt::format("{:012}-{}.segment", first_transition, Hex(xxh3));
}

// Whether a name has been given by us: 12 digits or more, then what is left of `rest`.
bool BeginsWithNumber(const std::string& name, std::string_view& rest) {
  const size_t digits = name.find_first_not_of("0123456789");
  rest = std::string_view(name).substr(std::min(digits, name.size()));
  return std::min(digits, name.size()) >= 12;
}

// 000000250000, 000000250000.2
bool IsCheckpointName(const std::string& name) {
  std::string_view rest;
  return BeginsWithNumber(name, rest) &&
         (rest.empty() || (rest.front() == '.' && rest.size() > 1 &&
                           rest.find_first_not_of("0123456789", 1) == std::string_view::npos));
}

// 000000004096-0123456789abcdef.segment, and the same with .tmp
bool IsSegmentName(const std::string& name) {
  std::string_view rest;
  if (!BeginsWithNumber(name, rest)) return false;
  if (rest.ends_with(kTemporarySuffix))
    rest.remove_suffix(std::string_view(kTemporarySuffix).size());
  return rest.size() == 1 + 16 + std::string_view(".segment").size() && rest.front() == '-' &&
         rest.ends_with(".segment");
}

// What a checkpoint folder's name says: env_step, and which of several of that env_step.
std::pair<int64_t, int64_t> Order(const std::string& name) {
  const auto number = [](std::string_view digits) {
    int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  };
  const size_t dot = name.find('.');
  return {number(std::string_view(name).substr(0, dot)),
          dot == std::string::npos ? 1 : number(std::string_view(name).substr(dot + 1))};
}

// Names in a folder that are ours; what else lies there is left alone. None when it is not there.
std::vector<std::string> ListOurs(FileSystem& files, const fs::path& folder,
                                  bool (*is_ours)(const std::string&)) {
  if (!files.Exists(folder)) return {};
  std::vector<std::string> names = files.List(folder);
  std::erase_if(names, [&](const std::string& name) { return !is_ours(name); });
  return names;
}

std::vector<std::string> ListCheckpoints(FileSystem& files, const fs::path& run) {
  return ListOurs(files, CheckpointsFolder(run), IsCheckpointName);
}

std::vector<std::string> ListSegments(FileSystem& files, const fs::path& run) {
  return ListOurs(files, ReplayFolder(run), IsSegmentName);
}

}  // namespace

StoredCheckpoint::StoredCheckpoint(FileSystem& files, fs::path run, std::string name)
    : files_(files), run_(std::move(run)), name_(std::move(name)) {
  const fs::path manifest = path() / kManifestFile;
  std::string text;
  try {
    text = files_.Read(manifest);
  } catch (const std::system_error& error) {
    throw DamagedCheckpoint(error.what());
  }
  manifest_ = DecodeManifest(text, manifest.string());
}

std::string StoredCheckpoint::Read(std::string_view file) const {
  const auto record = std::ranges::find(manifest_.files, file, &FileRecord::name);
  if (record == manifest_.files.end()) {
    throw DamagedCheckpoint(
        fmt::format("{}: names no {}", (path() / kManifestFile).string(), file));
  }
  return ReadChecked(path() / file, *record);
}

std::string StoredCheckpoint::ReadSegment(const FileRecord& segment) const {
  return ReadChecked(ReplayFolder(run_) / segment.name, segment);
}

void StoredCheckpoint::Verify() const {
  for (const FileRecord& file : manifest_.files) ReadChecked(path() / file.name, file);
  for (const FileRecord& segment : manifest_.segments) ReadSegment(segment);
}

std::string StoredCheckpoint::ReadChecked(const fs::path& path, const FileRecord& record) const {
  std::string content;
  try {
    content = files_.Read(path);
  } catch (const std::system_error& error) {
    throw DamagedCheckpoint(error.what());
  }
  if (content.size() != record.bytes) {
    throw DamagedCheckpoint(fmt::format("{}: has {} bytes, its manifest says {}", path.string(),
                                        content.size(), record.bytes));
  }
  if (const uint64_t xxh3 = Xxh3(content); xxh3 != record.xxh3) {
    throw DamagedCheckpoint(fmt::format("{}: its XXH3 is {}, its manifest says {}", path.string(),
                                        Hex(xxh3), Hex(record.xxh3)));
  }
  return content;
}

CheckpointStore::CheckpointStore(FileSystem& files, fs::path run, const Retention& retention)
    : files_(files), run_(std::move(run)), retention_(retention) {}

std::vector<std::string> CheckpointStore::List(FileSystem& files, const fs::path& run) {
  std::vector<std::string> names = ListCheckpoints(files, run);
  std::erase_if(names, [&](const std::string& name) {
    return !files.Exists(CheckpointsFolder(run) / name / kManifestFile);
  });
  std::ranges::sort(names, std::ranges::greater(), Order);
  return names;
}

void CheckpointStore::RemoveUnfinished() {
  for (const std::string& name : ListCheckpoints(files_, run_)) {
    if (!files_.Exists(CheckpointsFolder(run_) / name / kManifestFile)) RemoveCheckpoint(name);
  }
  for (const std::string& name : ListSegments(files_, run_)) {
    if (name.ends_with(kTemporarySuffix)) files_.Remove(ReplayFolder(run_) / name);
  }
}

std::optional<StoredCheckpoint> CheckpointStore::RestoreNewest(
    const std::function<void(const StoredCheckpoint&)>& restore,
    const std::function<void(const std::string&)>& passed_over) {
  const std::vector<std::string> names = List(files_, run_);
  for (const std::string& name : names) {
    try {
      StoredCheckpoint checkpoint(files_, run_, name);
      restore(checkpoint);
      for (const FileRecord& segment : checkpoint.manifest().segments) {
        segments_[Order(segment.name.substr(0, segment.name.find('-'))).first] = segment;
      }
      return checkpoint;
    } catch (const std::runtime_error& error) {
      passed_over(fmt::format("checkpoint {} is passed over: {}", name, error.what()));
      passed_over_.insert(name);
    }
  }
  if (names.empty()) return std::nullopt;
  throw DamagedCheckpoint(
      fmt::format("{} holds {} checkpoints and none can be restored; the lines above say why. Put "
                  "back an undamaged copy, or begin anew with --on-existing=new",
                  run_.string(), names.size()));
}

void CheckpointStore::SaveSegment(const Segment& segment) {
  if (segments_.contains(segment.first_transition())) return;
  ByteWriter writer;
  writer.Reserve(segment.SavedBytes());
  segment.Save(writer);
  const uint64_t xxh3 = Xxh3(writer.bytes());
  FileRecord record{.name = SegmentName(segment.first_transition(), xxh3),
                    .bytes = writer.bytes().size(),
                    .xxh3 = xxh3};
  files_.CreateFolders(ReplayFolder(run_));
  WriteFileDurably(files_, ReplayFolder(run_) / record.name, writer.bytes());
  segments_[segment.first_transition()] = std::move(record);
}

uint64_t CheckpointStore::Save(CheckpointContent content) {
  Manifest manifest = std::move(content.manifest);
  uint64_t bytes = 0;
  for (std::shared_ptr<const Segment>& segment : content.segments) {
    const int64_t first = segment->first_transition();
    if (!segments_.contains(first)) {
      SaveSegment(*segment);
      bytes += segments_[first].bytes;
    }
    manifest.segments.push_back(segments_[first]);
    segment.reset();  // the memory may want it back
  }
  for (const std::string& file : content.growing_files) {
    files_.OpenForAppend(run_ / file)->Sync();
  }
  const std::string name = FreeName(manifest.env_steps);
  const fs::path folder = CheckpointsFolder(run_) / name;
  try {
    files_.CreateFolders(folder);
    for (const auto& [file, file_content] : content.files) {
      WriteFileAtomically(files_, folder / file, file_content);
      manifest.files.push_back(
          {.name = file, .bytes = file_content.size(), .xxh3 = Xxh3(file_content)});
      bytes += file_content.size();
    }
    files_.SyncFolder(folder);
    // The names of the folders on the way are as much a part of the checkpoint as its files.
    files_.SyncFolder(CheckpointsFolder(run_));
    files_.SyncFolder(run_);
    const std::string text = EncodeManifest(manifest);
    WriteFileDurably(files_, folder / kManifestFile, text);
    return bytes + text.size();
  } catch (const std::system_error&) {
    RemoveQuietly(name);
    throw;
  }
}

std::string CheckpointStore::FreeName(int64_t env_steps) const {
  const std::string base = fmt::format("{:012}", env_steps);
  std::string name = base;
  for (int number = 2; files_.Exists(CheckpointsFolder(run_) / name); ++number) {
    name = fmt::format("{}.{}", base, number);
  }
  return name;
}

// The manifest goes first, so that what is left of an interrupted removal is no checkpoint.
void CheckpointStore::RemoveCheckpoint(const std::string& name) {
  const fs::path folder = CheckpointsFolder(run_) / name;
  if (files_.Exists(folder / kManifestFile)) {
    files_.Remove(folder / kManifestFile);
    files_.SyncFolder(folder);
  }
  for (const std::string& file : files_.List(folder)) files_.Remove(folder / file);
  files_.Remove(folder);
}

void CheckpointStore::RemoveQuietly(const std::string& name) {
  try {
    if (files_.Exists(CheckpointsFolder(run_) / name)) RemoveCheckpoint(name);
  } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch)
    // The error that led here is the one to report; RemoveUnfinished comes at the next start.
  }
}

// Names of the checkpoints that stay. Those that were passed over at the start of this process
// count as outdated as soon as a sound one is newer.
std::set<std::string> CheckpointStore::Kept() const {
  std::vector<std::string> names = List(files_, run_);  // newest first
  const auto newest_sound = std::ranges::find_if(
      names, [&](const std::string& name) { return !passed_over_.contains(name); });
  std::set<std::string> kept(names.begin(), newest_sound);
  std::erase_if(names, [&](const std::string& name) { return passed_over_.contains(name); });

  const size_t keep_last = std::min(names.size(), static_cast<size_t>(retention_.keep_last));
  kept.insert(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(keep_last));
  if (retention_.keep_every > 0) {
    int64_t last_multiple = 0;
    for (const std::string& name : std::views::reverse(names)) {
      const int64_t multiple = Order(name).first / retention_.keep_every;
      if (multiple > last_multiple) kept.insert(name);
      last_multiple = multiple;
    }
  }
  return kept;
}

void CheckpointStore::Prune() {
  const std::set<std::string> kept = Kept();
  std::set<std::string> needed;
  for (const std::string& name : List(files_, run_)) {
    if (!kept.contains(name)) {
      RemoveCheckpoint(name);
    } else if (!passed_over_.contains(name)) {
      const StoredCheckpoint checkpoint(files_, run_, name);
      for (const FileRecord& segment : checkpoint.manifest().segments) {
        needed.insert(segment.name);
      }
    }
  }
  std::erase_if(segments_,
                [&](const auto& segment) { return !needed.contains(segment.second.name); });
  for (const std::string& name : ListSegments(files_, run_)) {
    if (!needed.contains(name)) files_.Remove(ReplayFolder(run_) / name);
  }
}

}  // namespace dqnd
