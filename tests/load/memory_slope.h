// tests/load/memory_slope.h
// How a process's memory grows with what it has done: a line through samples by least squares. Its
// first part, in which buffers and pools find their size, is left out. Memory moves in steps, so
// that neighbouring samples err together: the line goes through the means of blocks of them, or its
// error would be thought far too small.
#ifndef ASSAY_TESTS_LOAD_MEMORY_SLOPE_H_
#define ASSAY_TESTS_LOAD_MEMORY_SLOPE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace assay::testing {

struct Slope {
  double per_unit = 0;        // Bytes a unit of `done`.
  double standard_error = 0;  // Of per_unit.
  int64_t points = 0;         // That the line goes through; 0 where there are fewer than 3.

  // Larger than `limit` by more than three standard errors.
  bool Exceeds(double limit) const { return per_unit - 3 * standard_error > limit; }
};

// Not thread-safe.
class MemorySlope {
 public:
  // `done` rises: requests, or seconds.
  void Add(double done, int64_t bytes) { samples_.push_back({done, static_cast<double>(bytes)}); }

  // Without the samples of the first `skip` of what was done, 0..1.
  Slope Fit(double skip) const;
  int64_t largest() const;  // Bytes; 0 without samples.

 private:
  struct Sample {
    double done;
    double bytes;
  };
  static constexpr size_t kMostPoints = 20;
  // Means of at most so many blocks of what is not skipped.
  std::vector<Sample> Blocks(double skip) const;

  std::vector<Sample> samples_;
};

}  // namespace assay::testing

#endif  // ASSAY_TESTS_LOAD_MEMORY_SLOPE_H_
