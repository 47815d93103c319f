// client/row_input.h
// The rows of an input that are this run's: those of its shard and below its limit, after those that
// an earlier run has done. Memory is that of one row.
#ifndef ASSAY_CLIENT_ROW_INPUT_H_
#define ASSAY_CLIENT_ROW_INPUT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/jsonl_reader.h"
#include "client/shard.h"

namespace assay::client {

// Not thread-safe.
class RowInput {
 public:
  struct Options {
    // JSON lines, plain or gzip; "-" is standard input, which counts as the file that it may be.
    std::string path = {};
    int64_t limit = 0;  // Rows of the whole input, before it is cut into shards; 0: all.
    std::optional<Shard> shard = {};  // Of the rows below the limit.
  };
  struct Row {
    std::string text;  // A line that is not blank.
    int64_t line;      // Its number in the input, blank lines counted; 1 is the first.
  };

  // Opens the input; reads nothing.
  //   FAILED_PRECONDITION  a shard of something that is no regular file: its rows cannot be counted.
  //   others               from JsonlReader::Open().
  static absl::StatusOr<std::unique_ptr<RowInput>> Open(Options options);

  static constexpr int64_t kRowsATime = 1 << 16;

  // Counts the rows of a regular file, which is read once for it, so that total() is known; of
  // anything else, does nothing. Once, before Skip() and Next(). `on_rows` is told after every
  // kRowsATime rows how many it were so far; may be empty.
  //   INVALID_ARGUMENT  the file has no rows.
  //   others            from JsonlReader::Next(): what cannot be read to its end is not begun.
  absl::Status Count(const std::function<void(int64_t rows)>& on_rows = {});

  // This run's rows, those to skip included. nullopt: not known; the input is no regular file, or
  // Count() has not been called.
  std::optional<int64_t> total() const { return total_; }
  // Size of a regular file.
  std::optional<int64_t> bytes() const { return bytes_; }
  // As JsonlReader::name().
  const std::string& name() const { return reader_->name(); }

  // Passes over the first `rows` (>= 0) of this run's. Once, before Next().
  //   FAILED_PRECONDITION  there are fewer.
  //   others               as Next().
  absl::Status Skip(int64_t rows);

  // The next row; nullopt after the last. An error is returned again by every later call.
  //   INVALID_ARGUMENT  the input has no rows at all.
  //   DATA_LOSS         a file that was counted has other rows by now.
  //   others            from JsonlReader::Next().
  absl::StatusOr<std::optional<Row>> Next();

 private:
  RowInput(Options options, std::unique_ptr<JsonlReader> reader, std::optional<int64_t> bytes)
      : options_(std::move(options)), reader_(std::move(reader)), bytes_(bytes) {}
  // At the end of this run's rows: nullopt, or why that is no good end.
  absl::StatusOr<std::optional<Row>> End();
  absl::Status Changed() const;

  const Options options_;
  const std::unique_ptr<JsonlReader> reader_;
  const std::optional<int64_t> bytes_;
  std::optional<int64_t> total_;
  std::optional<RowRange> range_;  // Set by Count().
  bool range_ends_input_ = false;  // No row comes after range_.
  int64_t next_ = 0;               // The input's next row, 0 the first.
  absl::Status error_;
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_ROW_INPUT_H_
