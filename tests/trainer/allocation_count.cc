#include "tests/trainer/allocation_count.h"

#include <array>
#include <cstdlib>
#include <new>
#include <set>
#include <sstream>

// Where this program's own code lies: the linker's names.
extern "C" char __executable_start;  // NOLINT(bugprone-reserved-identifier)
extern "C" char etext;

namespace dqnd {
namespace {

struct Notes {
  bool counting = false;
  int64_t ours = 0;
  int64_t others = 0;
  std::array<const void*, 64> callers{};  // of ours, the first ones
};
thread_local Notes notes;

void* Allocate(size_t bytes, const void* caller) {
  if (notes.counting) {
    const bool is_ours = caller >= &__executable_start && caller < &etext;
    if (is_ours && notes.ours < static_cast<int64_t>(notes.callers.size())) {
      notes.callers[notes.ours] = caller;
    }
    ++(is_ours ? notes.ours : notes.others);
  }
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

AllocationCount::AllocationCount() {
  notes = {.counting = true};
}

void AllocationCount::Stop() {
  notes.counting = false;
}

int64_t AllocationCount::ours() const {
  return notes.ours;
}

int64_t AllocationCount::others() const {
  return notes.others;
}

std::string AllocationCount::Places() const {
  std::set<const void*> places(notes.callers.begin(), notes.callers.end());
  places.erase(nullptr);
  std::ostringstream text;
  for (const void* place : places) {
    text << "\n  addr2line -Cfpe trainer_tests 0x" << std::hex
         << static_cast<const char*>(place) - &__executable_start;
  }
  return text.str();
}

}  // namespace dqnd

void* operator new(size_t bytes) {
  return dqnd::Allocate(bytes, __builtin_return_address(0));
}
void* operator new[](size_t bytes) {
  return dqnd::Allocate(bytes, __builtin_return_address(0));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t /*bytes*/) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, size_t /*bytes*/) noexcept {
  std::free(memory);
}
