#include "base/jsonl_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/status_matchers.h"

namespace assay {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string WriteFile(const std::string& name, const std::string& bytes) {
  const std::string path =
      absl::StrCat(::testing::TempDir(), "/jsonl_reader_", getpid(), "_", name);
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

std::string Gzip(const std::string& text) {
  const std::string path = WriteFile("gzip", "");
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), text.size());
  gzclose(file);
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::vector<std::string> ReadAll(const std::string& path) {
  auto reader = JsonlReader::Open(path);
  EXPECT_THAT(reader, IsOk());
  std::vector<std::string> lines;
  while (reader.ok()) {
    auto line = (*reader)->Next();
    EXPECT_THAT(line, IsOk());
    if (!line.ok() || !line->has_value()) break;
    lines.push_back(**line);
  }
  return lines;
}

// The next line, which there must be.
std::string LineOf(JsonlReader& reader) {
  const auto line = reader.Next();
  EXPECT_THAT(line, IsOk());
  return line.ok() ? line->value_or("the end of the file") : "";
}

TEST(JsonlReaderTest, ReadsPlainAndGzipAlikeWhateverTheNameSays) {
  const std::string text = "{\"a\": 1}\n{\"b\": 2}\n";
  EXPECT_THAT(ReadAll(WriteFile("plain.gz", text)), ElementsAre("{\"a\": 1}", "{\"b\": 2}"));
  EXPECT_THAT(ReadAll(WriteFile("gzip.jsonl", Gzip(text))),
              ElementsAre("{\"a\": 1}", "{\"b\": 2}"));
}

TEST(JsonlReaderTest, ReadsGzipMembersEndToEndAsOneText) {
  EXPECT_THAT(ReadAll(WriteFile("members", Gzip("1\n2") + Gzip("3\n4\n"))),
              ElementsAre("1", "23", "4"));
}

TEST(JsonlReaderTest, TakesTheLastLineWithoutItsLineEndAndDropsCarriageReturns) {
  EXPECT_THAT(ReadAll(WriteFile("crlf", "1\r\n2")), ElementsAre("1", "2"));
  EXPECT_THAT(ReadAll(WriteFile("empty", "")), ElementsAre());
}

TEST(JsonlReaderTest, SkipsBlankLinesButCountsThem) {
  ASSERT_OK_AND_ASSIGN(auto reader, JsonlReader::Open(WriteFile("blank", "\n \t\r\n1\n\n2\n")));
  EXPECT_EQ(reader->line_number(), 0);
  ASSERT_THAT(reader->Next(), IsOk());
  EXPECT_EQ(reader->line_number(), 3);
  ASSERT_THAT(reader->Next(), IsOk());
  EXPECT_EQ(reader->line_number(), 5);
  ASSERT_OK_AND_ASSIGN(auto end, reader->Next());
  EXPECT_EQ(end, std::nullopt);
}

TEST(JsonlReaderTest, KeepsALineLongerThanItsBufferWhole) {
  const std::string lengthy(700000, 'x');
  EXPECT_THAT(ReadAll(WriteFile("long", lengthy + "\n" + lengthy + "y")),
              ElementsAre(lengthy, lengthy + "y"));
}

TEST(JsonlReaderTest, RefusesALineThatWouldFillTheMemoryAndNamesIt) {
  const std::string huge(JsonlReader::kMaxLineBytes + 1, 'x');
  ASSERT_OK_AND_ASSIGN(auto reader, JsonlReader::Open(WriteFile("huge", Gzip("1\n" + huge))));
  ASSERT_THAT(reader->Next(), IsOk());
  EXPECT_THAT(reader->Next(), StatusIs(absl::StatusCode::kInvalidArgument,
                                       AllOf(HasSubstr("line 2"), HasSubstr("longer than"))));
}

TEST(JsonlReaderTest, ReportsGzipDataThatEndEarlyInsteadOfAnEndOfFile) {
  std::string text;
  for (int i = 0; i < 50000; ++i) absl::StrAppend(&text, i * 7919 % 10007, "\n");
  const std::string whole = Gzip(text);
  const std::string path = WriteFile("cut", whole.substr(0, whole.size() / 2));
  ASSERT_OK_AND_ASSIGN(auto reader, JsonlReader::Open(path));
  auto line = reader->Next();
  while (line.ok() && line->has_value()) line = reader->Next();
  EXPECT_THAT(line, StatusIs(absl::StatusCode::kDataLoss, HasSubstr(path)));
  EXPECT_THAT(reader->Next(), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(JsonlReaderTest, ReportsDamagedGzipData) {
  std::string bytes = Gzip("one line of text\n");
  bytes[bytes.size() - 6] ^= 1;  // In the checksum.
  ASSERT_OK_AND_ASSIGN(auto reader, JsonlReader::Open(WriteFile("damaged", bytes)));
  auto line = reader->Next();
  while (line.ok() && line->has_value()) line = reader->Next();
  EXPECT_THAT(line, StatusIs(absl::StatusCode::kDataLoss));
}

TEST(JsonlReaderTest, LinesBeforeTheDamageAreReadFirst) {
  std::string bytes = Gzip("1\n2\n");
  bytes[bytes.size() - 6] ^= 1;  // In the checksum.
  ASSERT_OK_AND_ASSIGN(auto reader, JsonlReader::Open(WriteFile("late", bytes)));
  EXPECT_EQ(LineOf(*reader), "1");
  EXPECT_EQ(LineOf(*reader), "2");
  EXPECT_THAT(reader->Next(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("line 3")));
}

TEST(JsonlReaderTest, WhatFollowsGzipDataAndIsNoneIsNotDroppedInSilence) {
  ASSERT_OK_AND_ASSIGN(auto reader, JsonlReader::Open(WriteFile("tail", Gzip("1\n") + "2\n")));
  EXPECT_EQ(LineOf(*reader), "1");
  EXPECT_THAT(reader->Next(), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(JsonlReaderTest, AFileOfGzipsFirstByteAloneIsPlain) {
  EXPECT_THAT(ReadAll(WriteFile("one_byte", "\x1f")), ElementsAre("\x1f"));
}

// A pipe's reader, and its end to write to, which stays open.
struct LivePipe {
  LivePipe() {
    const std::string path =
        absl::StrCat(::testing::TempDir(), "/jsonl_reader_", getpid(), "_fifo");
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
    // Both ways, so that neither end waits for the other to be opened.
    fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
    auto opened = JsonlReader::Open(path);
    EXPECT_THAT(opened, IsOk());
    reader = *std::move(opened);
    unlink(path.c_str());
  }
  ~LivePipe() { close(fd); }
  void Write(const std::string& bytes) const {
    EXPECT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }

  int fd = -1;
  std::unique_ptr<JsonlReader> reader;
};

TEST(JsonlReaderTest, ALineIsReadFromAPipeThatStaysOpen) {
  const LivePipe pipe;
  for (const std::string line : {"1", "2", "3"}) {
    pipe.Write(line + "\n");
    EXPECT_EQ(LineOf(*pipe.reader), line);
  }
}

TEST(JsonlReaderTest, AGzipMemberIsReadFromAPipeThatStaysOpen) {
  const LivePipe pipe;
  for (const std::string line : {"1", "2", "3"}) {
    pipe.Write(Gzip(line + "\n"));
    EXPECT_EQ(LineOf(*pipe.reader), line);
  }
}

TEST(JsonlReaderTest, TellsAMissingFileFromAFolder) {
  EXPECT_THAT(JsonlReader::Open("/nowhere/data.jsonl"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere/data.jsonl")));
  EXPECT_THAT(JsonlReader::Open(::testing::TempDir()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is a folder")));
}

}  // namespace
}  // namespace assay
