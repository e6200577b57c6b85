#include "formats/zip.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "support/complaint.hpp"
#include "support/made_zip.hpp"

using namespace impasto;
using Catch::Matchers::Contains;
using test::zip_member;

TEST_CASE("a zip archive that claims what it does not have is refused") {
    const std::string content = "anything";
    const auto of = [](const std::vector<zip_member>& members) {
        return test::complaint(test::bytes_of(test::zip(members)),
                               [](const test::byte_list& bytes) {
                                   const formats::zip::reader archive(bytes, "some.file");
                                   for (const auto& m : archive.members())
                                       (void)archive.unpack(m, 1 << 20);
                               });
    };
    CHECK(of({{"a", content}, test::deflated_member("b", content)}) == "");
    CHECK_THAT(of({{"a", content, 0, 0, 0xfffffff0}}),
               Contains("has 8 bytes and claims 4294967280"));
    CHECK_THAT(of({{"a", content, 0, 0, {}, {}, 0xfffffff0}}), Contains("zip points to"));
    CHECK_THAT(of({{"a", content, 8, 0, 100}}), Contains("\"a\" is damaged"));
    CHECK_THAT(of({{"a", content, 8, 0, 0xfffffff0}}),
               Contains("\"a\" claims 4294967280 bytes, which"));
    CHECK_THAT(of({{"a", content, 12}}), Contains("method 12"));    // bzip2
    CHECK_THAT(of({{"a", content, 0, 1}}), Contains("encrypted"));  // encrypted
    // The same bytes many times over.
    std::vector<zip_member> same(200, {"a", "", 0, 0, 4000, 0});
    same[0] = {"a", std::string(4000, 'x')};
    for (std::size_t i = 1; i < same.size(); ++i)
        same[i].packed = 4000;
    CHECK_THAT(of(same), Contains("zip members overlap"));
    CHECK_THAT(of({{"b", "N.", 8, 0, 0xfffffff0}}), Contains("claims 4294967280 bytes"));
}
