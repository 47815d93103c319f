#include "client/resumable_output.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::client {
namespace {

constexpr size_t kBufferBytes = 256 << 10;

// Writes all of `bytes`; 0, or errno.
int WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(written);
  }
  return 0;
}

// A file of that name alone, on the disk, before its name is another's; 0, or errno.
int WriteDurably(const std::string& path, absl::string_view bytes) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return errno;
  int error = WriteAll(fd, bytes);
  if (error == 0 && fsync(fd) != 0) error = errno;
  close(fd);
  return error;
}

// A renaming or removal is on the disk once its folder is. Not every file system can say so.
void SyncFolderOf(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const int fd = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

// nullopt: there is none.
absl::StatusOr<std::optional<std::string>> ReadIfThere(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) return absl::DataLossError(absl::StrCat(path, " cannot be read"));
  return text;
}

absl::Status CannotOpen(const std::string& path, int error) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code ignored;
  if (error == ENOENT && !folder.empty() && !std::filesystem::exists(folder, ignored)) {
    return absl::NotFoundError(absl::StrCat("the output ", path,
                                            " cannot be written: there is no folder ",
                                            folder.string(), "; create it first"));
  }
  return absl::Status(
      absl::ErrnoToStatusCode(error),
      absl::StrCat("the output ", path, " cannot be written: ", std::strerror(error)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ResumableOutput>> ResumableOutput::Open(Options options) {
  const std::string checkpoint_path = absl::StrCat(options.path, ".checkpoint");
  const auto whose = [&checkpoint_path](const absl::Status& status) {
    return absl::Status(status.code(),
                        absl::StrCat(checkpoint_path, " ", status.message(),
                                     "; remove it to start again, or give another output"));
  };
  ASSAY_ASSIGN_OR_RETURN(const std::optional<std::string> text, ReadIfThere(checkpoint_path));
  Checkpoint checkpoint;
  if (text.has_value()) {
    absl::StatusOr<Checkpoint> parsed = ParseCheckpoint(*text);
    if (!parsed.ok()) return whose(parsed.status());
    if (absl::Status same = SameIdentity(options.identity, parsed->identity); !same.ok()) {
      return whose(same);
    }
    checkpoint = *std::move(parsed);
  }

  const int create = text.has_value() ? 0 : O_CREAT;
  const int fd = open(options.path.c_str(), O_WRONLY | O_CLOEXEC | create, 0666);
  if (fd < 0 && text.has_value() && errno == ENOENT) {
    return whose(absl::DataLossError("is there without its output"));
  }
  if (fd < 0) return CannotOpen(options.path, errno);
  auto output = absl::WrapUnique(new ResumableOutput(std::move(options), fd));
  if (absl::Status begun = output->Begin(checkpoint); !begun.ok()) {
    return absl::IsDataLoss(begun) ? whose(begun) : begun;
  }
  return output;
}

absl::Status ResumableOutput::Begin(const Checkpoint& checkpoint) {
  MutexLock lock(&mu_);
  struct stat info;
  if (fstat(fd_, &info) != 0) return CannotOpen(options_.path, errno);
  is_regular_ = S_ISREG(info.st_mode);
  next_checkpoint_ = absl::InfiniteFuture();
  if (!is_regular_) return absl::OkStatus();
  if (flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return absl::FailedPreconditionError(
        absl::StrCat("another process is writing ", options_.path,
                     "; give each process another output, as with {shard}"));
  }
  if (info.st_size < checkpoint.bytes) {
    return absl::DataLossError(absl::StrCat("tells of ", checkpoint.bytes,
                                            " bytes of output, and there are only ", info.st_size));
  }
  if (ftruncate(fd_, checkpoint.bytes) != 0 || lseek(fd_, 0, SEEK_END) < 0) {
    return CannotOpen(options_.path, errno);
  }
  kept_ = checkpoint.counts;
  counts_ = checkpoint.counts;
  bytes_ = checkpoint.bytes;
  next_checkpoint_ = options_.clock->Now() + options_.period;
  return absl::OkStatus();
}

ResumableOutput::~ResumableOutput() { close(fd_); }

void ResumableOutput::Append(absl::string_view line, const RowCounts& counts) {
  MutexLock lock(&mu_);
  if (!status_.ok()) return;
  absl::StrAppend(&buffer_, line, "\n");
  counts_ += counts;
  if (buffer_.size() >= kBufferBytes) FlushLocked();
  if (next_checkpoint_ == absl::InfiniteFuture()) return;
  if (const absl::Time now = options_.clock->Now(); now >= next_checkpoint_) {
    SaveCheckpoint();
    next_checkpoint_ = now + options_.period;
  }
}

void ResumableOutput::Flush() {
  MutexLock lock(&mu_);
  FlushLocked();
}

absl::Status ResumableOutput::status() const {
  MutexLock lock(&mu_);
  return status_;
}

absl::Status ResumableOutput::Suspend() {
  MutexLock lock(&mu_);
  // A checkpoint of nothing would only be in the way of another run.
  if (next_checkpoint_ != absl::InfiniteFuture() && counts_.rows > 0) SaveCheckpoint();
  next_checkpoint_ = absl::InfiniteFuture();
  return status_;
}

absl::Status ResumableOutput::Complete() {
  MutexLock lock(&mu_);
  FlushLocked();
  next_checkpoint_ = absl::InfiniteFuture();
  if (!status_.ok() || !is_regular_) return status_;
  if (fsync(fd_) != 0) {
    Fail(options_.path, errno);
  } else if (unlink(checkpoint_path().c_str()) == 0) {
    SyncFolderOf(options_.path);
  } else if (errno != ENOENT) {
    Fail(checkpoint_path(), errno);
  }
  return status_;
}

void ResumableOutput::FlushLocked() {
  if (!status_.ok() || buffer_.empty()) return;
  if (const int error = WriteAll(fd_, buffer_); error != 0) Fail(options_.path, error);
  bytes_ += static_cast<int64_t>(buffer_.size());
  buffer_.clear();
}

void ResumableOutput::SaveCheckpoint() {
  FlushLocked();
  if (!status_.ok()) return;
  // The rows first: what a checkpoint vouches for is on the disk.
  if (fdatasync(fd_) != 0) return Fail(options_.path, errno);
  const std::string path = checkpoint_path();
  const std::string unfinished = absl::StrCat(path, ".tmp");
  const std::string text =
      RenderCheckpoint({.identity = options_.identity, .counts = counts_, .bytes = bytes_});
  if (const int error = WriteDurably(unfinished, text); error != 0) return Fail(unfinished, error);
  if (rename(unfinished.c_str(), path.c_str()) != 0) return Fail(path, errno);
  SyncFolderOf(path);
}

void ResumableOutput::Fail(const std::string& path, int error) {
  status_ =
      absl::DataLossError(absl::StrCat(path, " could not be written: ", std::strerror(error)));
}

}  // namespace assay::client
