// client/resumable_output.h
// Rows to a file that a later run can continue. Beside it lies a checkpoint, PATH.checkpoint, which
// says of which run the file is and how many of its rows and bytes are good for sure; whatever
// follows them is cut off by the run that continues. A process may thus be killed at any moment.
//
// What a row is, and what makes two runs the same, is the caller's business.
#ifndef ASSAY_CLIENT_RESUMABLE_OUTPUT_H_
#define ASSAY_CLIENT_RESUMABLE_OUTPUT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "client/checkpoint.h"
#include "client/json_row.h"
#include "client/row_sink.h"

namespace assay::client {

// Thread-safe. Owns the open file, and locks it (flock) against another ResumableOutput.
class ResumableOutput final : public RowSink {
 public:
  struct Options {
    std::string path = {};
    // A JSON object that tells this run's output from another's: its input, its model, its flags.
    Json identity = Json::object();
    // From one checkpoint to the next, > 0: a kill loses the rows of this time, and each checkpoint
    // waits for the disk.
    absl::Duration period = absl::Seconds(2);
    Clock* clock = Clock::Real();  // Borrowed.
  };

  // Opens the file. With a checkpoint of the same identity, cuts the file to what that vouches for,
  // kept(); without a checkpoint, empties the file. A device or a pipe has no checkpoint. On an error
  // the file is as it was.
  //   FAILED_PRECONDITION  the checkpoint is of another run; says by which key. Or another process
  //                        writes the file.
  //   DATA_LOSS            the checkpoint is damaged, or the file shorter than it says.
  //   NOT_FOUND, PERMISSION_DENIED and others, as the system says: the file cannot be opened.
  static absl::StatusOr<std::unique_ptr<ResumableOutput>> Open(Options options);

  // Closes the file. The last checkpoint stays as it is.
  ~ResumableOutput() override;
  ResumableOutput(const ResumableOutput&) = delete;
  ResumableOutput& operator=(const ResumableOutput&) = delete;

  // What an earlier run wrote, for this one to leave out; zeros: it begins anew.
  const RowCounts& kept() const { return kept_; }

  // Appending saves a checkpoint when it is time.
  void Append(absl::string_view line, const RowCounts& counts) override ABSL_LOCKS_EXCLUDED(mu_);
  void Flush() override ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status status() const override ABSL_LOCKS_EXCLUDED(mu_);

  // Saves the last checkpoint of this run: it has to stop before its end. Rows appended from now on
  // are in the file, yet a run that continues makes them again. Returns status().
  absl::Status Suspend() ABSL_LOCKS_EXCLUDED(mu_);

  // All rows are written: brings them to the disk and removes the checkpoint. Returns status().
  absl::Status Complete() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  ResumableOutput(Options options, int fd) : options_(std::move(options)), fd_(fd) {}

  // Cuts the file to what `checkpoint` vouches for.
  absl::Status Begin(const Checkpoint& checkpoint) ABSL_LOCKS_EXCLUDED(mu_);
  void FlushLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SaveCheckpoint() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Fail(const std::string& path, int error) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::string checkpoint_path() const { return options_.path + ".checkpoint"; }

  // Constant after Open().
  const Options options_;
  const int fd_;  // Owned.
  bool is_regular_ = false;
  RowCounts kept_;

  mutable Mutex mu_;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
  RowCounts counts_ ABSL_GUARDED_BY(mu_);            // Of what was appended.
  std::string buffer_ ABSL_GUARDED_BY(mu_);          // Appended, and not yet the system's.
  int64_t bytes_ ABSL_GUARDED_BY(mu_) = 0;           // In the file; buffer_ follows them.
  absl::Time next_checkpoint_ ABSL_GUARDED_BY(mu_);  // InfiniteFuture(): none comes.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_RESUMABLE_OUTPUT_H_
