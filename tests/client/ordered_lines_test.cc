#include "client/ordered_lines.h"

#include <algorithm>
#include <random>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/testing/status_matchers.h"

namespace assay::client {
namespace {

using ::assay::testing::IsOk;
using ::assay::testing::StatusIs;

TEST(OrderedLinesTest, WritesInTheOrderOfThePlacesHoweverTheyAreFilled) {
  for (int seed = 0; seed < 50; ++seed) {
    std::ostringstream out;
    OrderedLines lines(&out, 10);
    std::vector<int64_t> places(10);
    for (int64_t& place : places) place = *lines.TakePlace();
    std::shuffle(places.begin(), places.end(), std::mt19937(seed));
    for (const int64_t place : places) lines.Fill(place, absl::StrCat(place));
    EXPECT_EQ(out.str(), "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  }
}

TEST(OrderedLinesTest, ALineIsWrittenAsSoonAsItsTurnHasCome) {
  std::ostringstream out;
  OrderedLines lines(&out, 3);
  for (int i = 0; i < 3; ++i) ASSERT_THAT(lines.TakePlace(), IsOk());
  lines.Fill(1, "b");
  EXPECT_EQ(out.str(), "");
  lines.Fill(0, "a");
  EXPECT_EQ(out.str(), "a\nb\n");
}

TEST(OrderedLinesTest, AFullWindowHoldsTheTakerUntilTheOldestIsWritten) {
  std::ostringstream out;
  OrderedLines lines(&out, 4);
  Mutex mu;
  CondVar changed;
  int64_t taken = 0;
  int64_t written = 0;
  int64_t most_ahead = 0;
  std::thread taker([&] {
    for (int i = 0; i < 1000; ++i) {
      ASSERT_THAT(lines.TakePlace(), IsOk());
      MutexLock lock(&mu);
      most_ahead = std::max(most_ahead, ++taken - written);
      changed.notify_all();
    }
  });
  for (int64_t i = 0; i < 1000; ++i) {
    {
      MutexLock lock(&mu);
      while (taken <= i) changed.wait(mu);
      ++written;  // Before the line is: what is counted ahead is never more than what was.
    }
    lines.Fill(i, absl::StrCat(i));
  }
  taker.join();
  EXPECT_LE(most_ahead, 4);
}

TEST(OrderedLinesTest, AStreamThatFailsGivesNoMorePlaces) {
  std::ostringstream out;
  OrderedLines lines(&out, 4);
  ASSERT_THAT(lines.TakePlace(), IsOk());
  out.setstate(std::ios::badbit);
  lines.Fill(0, "lost");
  EXPECT_THAT(lines.TakePlace(), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(lines.status(), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace assay::client
