#include "server/page_text.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

TEST(PageTextTest, NumbersAreGroupedByThree) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1048576), "1,048,576");
  EXPECT_EQ(Grouped(-123456), "-123,456");
}

TEST(PageTextTest, SizesHaveTheLargestUnitThatFits) {
  EXPECT_EQ(BinarySize(0), "0 bytes");
  EXPECT_EQ(BinarySize(1000), "1,000 bytes");
  EXPECT_EQ(BinarySize(1024), "1 KiB");
  EXPECT_EQ(BinarySize(int64_t{64} << 20), "64 MiB");
  EXPECT_EQ(BinarySize(int64_t{3} << 29), "1.5 GiB");
  EXPECT_EQ(BinarySize(int64_t{5000} << 40), "5,000 TiB");
}

TEST(PageTextTest, TimesHaveTheUnitThatSuits) {
  EXPECT_EQ(ShortDuration(absl::ZeroDuration()), "0");
  EXPECT_EQ(ShortDuration(-absl::Seconds(1)), "0");
  EXPECT_EQ(ShortDuration(absl::Microseconds(850)), "850 µs");
  EXPECT_EQ(ShortDuration(absl::Microseconds(12345)), "12.3 ms");
  EXPECT_EQ(ShortDuration(absl::Milliseconds(4600)), "4.60 s");
  EXPECT_EQ(ShortDuration(absl::Microseconds(9996)), "10.0 ms");
  EXPECT_EQ(ShortDuration(absl::Seconds(200)), "3 min 20 s");
  EXPECT_EQ(ShortDuration(absl::Minutes(5)), "5 min");
  EXPECT_EQ(ShortDuration(absl::Minutes(125)), "2 h 5 min");
  EXPECT_EQ(ShortDuration(absl::Hours(147)), "6 d 3 h");
  EXPECT_EQ(ShortDuration(absl::InfiniteDuration()), "for ever");
}

}  // namespace
}  // namespace assay
