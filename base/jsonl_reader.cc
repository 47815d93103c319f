#include "base/jsonl_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay {
namespace {

constexpr size_t kChunkBytes = 256 << 10;
constexpr std::string_view kGzipMagic = "\x1f\x8b";
// inflateInit2(): the largest window, and a gzip header.
constexpr int kGzipOnly = 15 + 16;

bool IsBlank(const std::string& line) {
  return line.find_first_not_of(" \t\r") == std::string::npos;
}

}  // namespace

absl::StatusOr<std::unique_ptr<JsonlReader>> JsonlReader::Open(const std::string& path) {
  const bool is_stdin = path == "-";
  // A copy of the descriptor, so that closing the reader leaves standard input open.
  const int fd = is_stdin ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const std::string name = is_stdin ? "standard input" : path;
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", name));
  struct stat info;
  if (fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
    close(fd);
    return absl::InvalidArgumentError(absl::StrCat(name, " is a folder"));
  }
  return absl::WrapUnique(new JsonlReader(name, fd));
}

JsonlReader::JsonlReader(std::string name, int fd)
    // A byte more: a first byte alone may need a second to tell the form.
    : name_(std::move(name)), fd_(fd), buffer_(kChunkBytes + 1, '\0') {}

JsonlReader::~JsonlReader() {
  if (zlib_ != nullptr) inflateEnd(zlib_.get());
  close(fd_);
}

absl::StatusOr<std::optional<std::string>> JsonlReader::Next() {
  while (true) {
    ASSAY_ASSIGN_OR_RETURN(std::optional<std::string> line, NextRawLine());
    if (!line.has_value()) return std::nullopt;
    if (IsBlank(*line)) continue;
    if (line->back() == '\r') line->pop_back();
    return line;
  }
}

absl::StatusOr<std::optional<std::string>> JsonlReader::NextRawLine() {
  if (!error_.ok()) return error_;
  std::string line;
  bool line_began = false;
  while (true) {
    if (chunk_.empty()) ASSAY_RETURN_IF_ERROR(ReadChunk());
    if (chunk_.empty()) {
      if (!line_began) return std::nullopt;
      ++line_number_;
      return line;
    }
    line_began = true;
    const size_t newline = chunk_.find('\n');
    const std::string_view piece = chunk_.substr(0, newline);
    if (line.size() + piece.size() > kMaxLineBytes) {
      return Fail(absl::StatusCode::kInvalidArgument,
                  absl::StrCat("longer than ", kMaxLineBytes, " bytes"));
    }
    line.append(piece);
    chunk_.remove_prefix(piece.size());
    if (newline != std::string_view::npos) {
      chunk_.remove_prefix(1);
      ++line_number_;
      return line;
    }
  }
}

absl::Status JsonlReader::ReadChunk() {
  if (form_ == Form::kGzip) return ReadGzipChunk();
  ASSAY_ASSIGN_OR_RETURN(size_t bytes, ReadSome(buffer_.data()));
  if (form_ == Form::kUnknown && bytes > 0) {
    if (bytes == 1 && buffer_[0] == kGzipMagic[0]) {
      ASSAY_ASSIGN_OR_RETURN(const size_t more, ReadSome(buffer_.data() + 1));
      bytes += more;
    }
    const std::string_view start(buffer_.data(), std::min(bytes, kGzipMagic.size()));
    form_ = start == kGzipMagic ? Form::kGzip : Form::kPlain;
    if (form_ == Form::kGzip) {
      ASSAY_RETURN_IF_ERROR(BeginGzip(bytes));
      return ReadGzipChunk();
    }
  }
  chunk_ = std::string_view(buffer_.data(), bytes);
  return absl::OkStatus();
}

absl::Status JsonlReader::BeginGzip(size_t bytes) {
  packed_ = std::exchange(buffer_, std::string(kChunkBytes, '\0'));
  zlib_ = std::make_unique<z_stream>();
  if (inflateInit2(zlib_.get(), kGzipOnly) != Z_OK) {
    zlib_ = nullptr;
    return Fail(absl::StatusCode::kResourceExhausted, "no memory to decompress");
  }
  zlib_->next_in = reinterpret_cast<Bytef*>(packed_.data());
  zlib_->avail_in = bytes;
  member_is_open_ = true;
  return absl::OkStatus();
}

absl::Status JsonlReader::ReadGzipChunk() {
  zlib_->next_out = reinterpret_cast<Bytef*>(buffer_.data());
  zlib_->avail_out = kChunkBytes;
  while (zlib_->avail_out == kChunkBytes) {
    // Before the file: zlib_ may hold output that needs no more input.
    const int result = inflate(zlib_.get(), Z_SYNC_FLUSH);
    if (result == Z_STREAM_END) {  // Of a member; another may follow.
      member_is_open_ = zlib_->avail_in > 0;
      inflateReset(zlib_.get());
      continue;
    }
    if (result != Z_OK && result != Z_BUF_ERROR) {
      if (zlib_->avail_out < kChunkBytes) break;  // What came first; then zlib says it again.
      return Fail(absl::StatusCode::kDataLoss,
                  absl::StrCat("the gzip data are damaged: ",
                               zlib_->msg == nullptr ? "no reason known" : zlib_->msg));
    }
    if (zlib_->avail_in > 0 || zlib_->avail_out < kChunkBytes) continue;
    ASSAY_ASSIGN_OR_RETURN(const size_t bytes, ReadSome(packed_.data()));
    if (bytes == 0) {
      if (!member_is_open_) break;
      return Fail(absl::StatusCode::kDataLoss, "the gzip data end early");
    }
    zlib_->next_in = reinterpret_cast<Bytef*>(packed_.data());
    zlib_->avail_in = bytes;
    member_is_open_ = true;
  }
  chunk_ = std::string_view(buffer_.data(), kChunkBytes - zlib_->avail_out);
  return absl::OkStatus();
}

absl::StatusOr<size_t> JsonlReader::ReadSome(char* at) {
  ssize_t bytes;
  do {
    bytes = read(fd_, at, kChunkBytes);
  } while (bytes < 0 && errno == EINTR);
  if (bytes >= 0) return bytes;
  return Fail(absl::StatusCode::kDataLoss, absl::StrCat("cannot be read: ", std::strerror(errno)));
}

absl::Status JsonlReader::Fail(absl::StatusCode code, const std::string& what) {
  error_ = absl::Status(code, absl::StrCat(name_, ": line ", line_number_ + 1, ": ", what));
  return error_;
}

}  // namespace assay
