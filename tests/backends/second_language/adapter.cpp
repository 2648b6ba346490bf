// An adapter in C++ that speaks the protocol of specs/protocol/README.md: simulate, patches and reassemble, with nothing but the standard library.
// Compiled with -DEXCHANGED it reads positions as (y, x), which the suite must name.

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

using Complex = std::complex<double>;

#ifdef EXCHANGED
constexpr long X = 1, Y = 0;
#else
constexpr long X = 0, Y = 1;
#endif

struct Json;
using Value = std::shared_ptr<Json>;
struct Json {
    enum Kind { Null, Flag, Number, Text, List, Object } kind = Null;
    bool flag = false;
    double number = 0;
    std::string text;
    std::vector<Value> list;
    std::map<std::string, Value> object;
    bool has(const std::string& key) const { return object.count(key) > 0; }
    const Json& operator[](const std::string& key) const { return *object.at(key); }
    const Json& operator[](size_t place) const { return *list.at(place); }
};

class Parser {
  public:
    explicit Parser(const std::string& text) : text_(text) {}
    Value value() {
        space();
        auto made = std::make_shared<Json>();
        char c = text_.at(at_);
        if (c == '{') object(*made);
        else if (c == '[') list(*made);
        else if (c == '"') { made->kind = Json::Text; made->text = string(); }
        else if (c == 't' || c == 'f') { made->kind = Json::Flag; made->flag = c == 't'; at_ += c == 't' ? 4 : 5; }
        else if (c == 'n') at_ += 4;
        else { size_t used; made->kind = Json::Number; made->number = std::stod(text_.substr(at_, 40), &used); at_ += used; }
        return made;
    }

  private:
    void space() { while (std::isspace(static_cast<unsigned char>(text_.at(at_)))) ++at_; }
    void object(Json& made) {
        made.kind = Json::Object;
        for (++at_, space(); text_.at(at_) != '}'; space()) {
            if (text_.at(at_) == ',') { ++at_; space(); }
            std::string key = string();
            space();
            ++at_;
            made.object[key] = value();
        }
        ++at_;
    }
    void list(Json& made) {
        made.kind = Json::List;
        for (++at_, space(); text_.at(at_) != ']'; space()) {
            if (text_.at(at_) == ',') ++at_;
            made.list.push_back(value());
        }
        ++at_;
    }
    std::string string() {
        std::string made;
        for (++at_; text_.at(at_) != '"'; ++at_) {
            if (text_[at_] != '\\') { made += text_[at_]; continue; }
            char c = text_.at(++at_);
            if (c == 'u') { made += static_cast<char>(std::stoi(text_.substr(at_ + 1, 4), nullptr, 16)); at_ += 4; }
            else made += c == 'n' ? '\n' : c == 't' ? '\t' : c;
        }
        ++at_;
        return made;
    }
    const std::string& text_;
    size_t at_ = 0;
};

// What a caller did wrong: told as a ValueError.
struct Refusal : std::runtime_error { using std::runtime_error::runtime_error; };

struct Array {
    std::vector<long> shape;
    std::vector<Complex> values;
    long size() const { return static_cast<long>(values.size()); }
};

struct Result { std::string text; std::string bytes; int buffers = 0; std::vector<size_t> lengths; };

static uint32_t checksum(const std::string& bytes) {
    uint32_t crc = 0xffffffffu;
    for (unsigned char byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
    }
    return ~crc;
}

template <typename T> static T element(const char* at, bool swapped) {
    char held[sizeof(T)];
    std::memcpy(held, at, sizeof(T));
    if (swapped) std::reverse(held, held + sizeof(T));
    T value;
    std::memcpy(&value, held, sizeof(T));
    return value;
}

static Complex one_of(const char* at, char kind, int size, bool swapped, const std::string& dtype) {
    if (kind == 'c' && size == 8) return {element<float>(at, swapped), element<float>(at + 4, swapped)};
    if (kind == 'c' && size == 16) return {element<double>(at, swapped), element<double>(at + 8, swapped)};
    if (kind == 'f' && size == 4) return element<float>(at, swapped);
    if (kind == 'f' && size == 8) return element<double>(at, swapped);
    if (kind == 'b' || (kind == 'u' && size == 1)) return element<uint8_t>(at, swapped);
    if (kind == 'u' && size == 2) return element<uint16_t>(at, swapped);
    if (kind == 'u' && size == 4) return element<uint32_t>(at, swapped);
    if (kind == 'u' && size == 8) return static_cast<double>(element<uint64_t>(at, swapped));
    if (kind == 'i' && size == 1) return element<int8_t>(at, swapped);
    if (kind == 'i' && size == 2) return element<int16_t>(at, swapped);
    if (kind == 'i' && size == 4) return element<int32_t>(at, swapped);
    if (kind == 'i' && size == 8) return static_cast<double>(element<int64_t>(at, swapped));
    throw Refusal("an array of dtype " + dtype + " is none that this adapter takes");
}

static Array array_of(const Json& told, const std::vector<std::string>& buffers) {
    Array made;
    long count = 1;
    for (const auto& one : told["shape"].list) { made.shape.push_back(static_cast<long>(one->number)); count *= made.shape.back(); }
    const std::string& dtype = told["dtype"].text;
    if (!told.has("buffer") || dtype.size() < 3) throw Refusal("an array of dtype " + dtype + " is none that this adapter takes");
    const std::string& bytes = buffers.at(static_cast<size_t>(told["buffer"].number));
    bool swapped = dtype[0] == '>';
    char kind = dtype[1];
    int size = std::stoi(dtype.substr(2));
    if (static_cast<long>(bytes.size()) != count * size) throw Refusal("an array does not fill its buffer");
    for (long i = 0; i < count; ++i) made.values.push_back(one_of(bytes.data() + i * size, kind, size, swapped, dtype));
    return made;
}

static std::string say(Result& result, const std::vector<long>& shape, const std::string& dtype, const std::string& bytes) {
    result.lengths.push_back(bytes.size());
    result.bytes += bytes;
    std::string text = "{\"array\": {\"dtype\": \"" + dtype + "\", \"shape\": [";
    for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
    return text + "], \"buffer\": " + std::to_string(result.buffers++) + "}}";
}

template <typename T> static void append(std::string& bytes, T value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof(T)); }

static std::string complex_bytes(const std::vector<Complex>& values) {
    std::string bytes;
    for (const Complex& one : values) { append(bytes, static_cast<float>(one.real())); append(bytes, static_cast<float>(one.imag())); }
    return bytes;
}

static std::vector<Complex> transformed(const std::vector<Complex>& line, const std::vector<Complex>& turns) {
    const size_t N = line.size();
    std::vector<Complex> made(N);
    for (size_t k = 0; k < N; ++k)
        for (size_t n = 0; n < N; ++n) made[k] += line[n] * turns[k * n % N];
    return made;
}

// Amplitude of the centred, unitary Fourier transform; modes add in intensity.
static void simulate(const Array& patches, const Array& probe, Result& result) {
    if (patches.shape.size() != 3 || patches.shape[1] != patches.shape[2]) throw Refusal("patches must be (n, N, N)");
    if (probe.shape.size() != 2 && probe.shape.size() != 3) throw Refusal("probe must be (N, N) or (P, N, N)");
    const long n = patches.shape[0], N = patches.shape[1], modes = probe.shape.size() == 3 ? probe.shape[0] : 1;
    if (probe.shape.back() != N || probe.shape[probe.shape.size() - 2] != N || probe.size() != modes * N * N) throw Refusal("probe must have the side of the patches");
    std::vector<Complex> turns(N);
    for (long k = 0; k < N; ++k) turns[k] = std::polar(1.0, -2 * M_PI * static_cast<double>(k) / static_cast<double>(N));
    std::string bytes;
    for (long i = 0; i < n; ++i) {
        std::vector<double> intensity(N * N);
        for (long m = 0; m < modes; ++m) {
            std::vector<Complex> wave(N * N);
            for (long r = 0; r < N; ++r) {
                std::vector<Complex> row(N);
                for (long c = 0; c < N; ++c) row[c] = patches.values[(i * N + r) * N + c] * probe.values[(m * N + r) * N + c];
                row = transformed(row, turns);
                std::copy(row.begin(), row.end(), wave.begin() + r * N);
            }
            for (long c = 0; c < N; ++c) {
                std::vector<Complex> column(N);
                for (long r = 0; r < N; ++r) column[r] = wave[r * N + c];
                column = transformed(column, turns);
                for (long r = 0; r < N; ++r) intensity[((r + N / 2) % N) * N + (c + N / 2) % N] += std::norm(column[r]) / static_cast<double>(N * N);
            }
        }
        for (double one : intensity) append(bytes, static_cast<float>(std::sqrt(one)));
    }
    result.text = say(result, {n, N, N}, "<f4", bytes);
}

struct Corner { long row, column; double down, right; };

static Corner corner_of(const Array& centres, long i, long N) {
    const double x = centres.values[2 * i + X].real() - static_cast<double>(N / 2), y = centres.values[2 * i + Y].real() - static_cast<double>(N / 2);
    return {static_cast<long>(std::floor(y)), static_cast<long>(std::floor(x)), y - std::floor(y), x - std::floor(x)};
}

static void check_centres(const Array& centres) {
    if (centres.shape.size() != 2 || centres.shape[1] != 2) throw Refusal("centres_xy must be (n, 2)");
    for (const Complex& one : centres.values) if (!std::isfinite(one.real())) throw Refusal("centres_xy holds a position that is not finite");
}

static void patches(const Array& object, const Array& centres, long N, Result& result) {
    check_centres(centres);
    if (object.shape.size() != 2) throw Refusal("obj must be (H, W)");
    const long H = object.shape.at(0), W = object.shape.at(1), n = centres.shape[0];
    auto at = [&](long r, long c) { return r < 0 || c < 0 || r >= H || c >= W ? Complex() : object.values[r * W + c]; };
    std::vector<Complex> made(n * N * N);
    for (long i = 0; i < n; ++i) {
        const Corner k = corner_of(centres, i, N);
        for (long r = 0; r < N; ++r)
            for (long c = 0; c < N; ++c) {
                const long y = k.row + r, x = k.column + c;
                Complex sum = (1 - k.down) * (1 - k.right) * at(y, x);
                if (k.right > 0) sum += (1 - k.down) * k.right * at(y, x + 1);
                if (k.down > 0) sum += k.down * (1 - k.right) * at(y + 1, x);
                if (k.down > 0 && k.right > 0) sum += k.down * k.right * at(y + 1, x + 1);
                made[(i * N + r) * N + c] = sum;
            }
    }
    result.text = say(result, {n, N, N}, "<c8", complex_bytes(made));
}

static long halves_up(double value) { return static_cast<long>(std::floor(value + 0.5)); }

// The middle of the scan, at a whole pixel.
static Corner middle_of(const Array& centres) {
    double x = 0, y = 0;
    for (long i = 0; i < centres.shape[0]; ++i) { x += centres.values[2 * i + X].real(); y += centres.values[2 * i + Y].real(); }
    return {halves_up(y / static_cast<double>(centres.shape[0])), halves_up(x / static_cast<double>(centres.shape[0])), 0, 0};
}

// Whole pixels from the middle beyond the farthest position, along both axes.
static Corner reach_of(const Array& centres, const Corner& middle) {
    double x = 0, y = 0;
    for (long i = 0; i < centres.shape[0]; ++i) {
        x = std::max(x, std::abs(centres.values[2 * i + X].real() - static_cast<double>(middle.column)));
        y = std::max(y, std::abs(centres.values[2 * i + Y].real() - static_cast<double>(middle.row)));
    }
    if (x > 1e5 || y > 1e5) throw Refusal("centres_xy span a canvas that no memory holds");
    return {static_cast<long>(std::ceil(y)) + 1, static_cast<long>(std::ceil(x)) + 1, 0, 0};
}

// Sums and weights of the patches on a canvas about the middle of the scan; each pixel is spread over its four neighbours.
static void reassemble(const Array& given, const Array& centres, Result& result) {
    check_centres(centres);
    if (given.shape.size() != 3 || given.shape[1] != given.shape[2]) throw Refusal("patches must be (n, N, N)");
    const long n = given.shape[0], N = given.shape[1];
    if (n == 0 || centres.shape[0] != n) throw Refusal("centres_xy and patches must be of one number, and not empty");
    const Corner centre = middle_of(centres), reach = reach_of(centres, centre);
    const long top = centre.row - reach.row - N / 2, left = centre.column - reach.column - N / 2;
    const long H = N + 2 * reach.row + 1, W = N + 2 * reach.column + 1;
    std::vector<Corner> corners;
    for (long i = 0; i < n; ++i) corners.push_back(corner_of(centres, i, N));
    std::vector<Complex> sums(H * W);
    std::vector<double> weights(H * W);
    for (long i = 0; i < n; ++i) {
        const Corner& k = corners[i];
        for (long r = 0; r < N; ++r)
            for (long c = 0; c < N; ++c)
                for (int dr = 0; dr < 2; ++dr)
                    for (int dc = 0; dc < 2; ++dc) {
                        const double w = (dr ? k.down : 1 - k.down) * (dc ? k.right : 1 - k.right);
                        if (w <= 0) continue;
                        const long place = (k.row - top + r + dr) * W + k.column - left + c + dc;
                        sums[place] += w * given.values[(i * N + r) * N + c];
                        weights[place] += w;
                    }
    }
    std::string coverage, origin;
    for (long i = 0; i < H * W; ++i) {
        if (weights[i] > 0) sums[i] /= weights[i];
        append(coverage, static_cast<float>(weights[i]));
    }
    append(origin, static_cast<double>(left));
    append(origin, static_cast<double>(top));
    const std::string canvas = say(result, {H, W}, "<c8", complex_bytes(sums));
    const std::string counted = say(result, {H, W}, "<f4", coverage);
    const std::string corner = say(result, {2}, "<f8", origin);
    result.text = "{\"mapping\": {\"items\": [[\"object\", " + canvas + "], [\"coverage\", " + counted + "], [\"origin_xy\", " + corner + "]]}}";
}

class Adapter {
  public:
    std::string answer(const Json& asked, const std::vector<std::string>& buffers, Result& result) {
        remember(asked, buffers);
        const std::string what = asked["do"].text;
        if (what == "hello")
            return "\"value\": {\"language\": \"C++\", \"name\": \"cpp\", \"stages\": [\"physics\", \"patches\", \"reassembly\"], \"framework\": null, "
                   "\"devices\": null, \"methods\": [\"simulate\", \"patches\", \"reassemble\"]}";
        if (what == "lacks") return "\"value\": true";
        if (what != "call") return error("RuntimeError", "this adapter has nothing to go through");
        try {
            called(asked, buffers, result);
            return "\"value\": " + result.text;
        } catch (const Refusal& refused) {
            return error("ValueError", refused.what());
        } catch (const std::exception& broken) {
            return error("RuntimeError", broken.what());
        }
    }

  private:
    static std::string error(const std::string& kind, const std::string& said) {
        std::string safe;
        for (char c : said) safe += c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' ' ? '?' : c;
        return "\"error\": {\"class\": {\"builtin\": \"" + kind + "\"}, \"message\": \"" + safe + "\", \"attributes\": {}}";
    }
    void remember(const Json& asked, const std::vector<std::string>& buffers) {
        if (asked.has("drop")) for (const auto& one : asked["drop"].list) known_.erase(one->text);
        if (asked.has("written")) for (const auto& one : asked["written"].list) keep(*one, buffers);
    }
    void keep(const Json& told, const std::vector<std::string>& buffers) {
        try { known_[told["key"].text] = array_of(told, buffers); } catch (const Refusal&) { known_.erase(told["key"].text); }
    }
    // An argument stands at its place or under its name.
    static const Json& argument(const Json& asked, size_t place, const std::string& name) {
        const Json& given = asked["arguments"];
        if (place < given.list.size()) return given[place];
        if (!asked["named"].has(name)) throw Refusal("the argument " + name + " is missing");
        return asked["named"][name];
    }
    Array array(const Json& told) {
        const std::string key = told.has("held") ? told["held"].text : told.has("array") ? told["array"]["key"].text : "";
        if (!known_.count(key)) throw Refusal("an argument is no array of numbers that this adapter takes");
        return known_.at(key);
    }
    static long whole(const Json& told, const std::vector<std::string>& buffers) {
        const double number = told.has("array") ? array_of(told["array"], buffers).values.at(0).real() : told.number;
        if (!told.has("array") && told.kind != Json::Number) throw Refusal("N must be a number");
        if (!(number >= 1 && number <= 1e5) || number != std::floor(number)) throw Refusal("N must be a whole number from 1");
        return static_cast<long>(number);
    }
    void called(const Json& asked, const std::vector<std::string>& buffers, Result& result) {
        // All are kept before any is refused: a later call may name them.
        for (const auto& one : asked["arguments"].list) if (one->has("array") && (*one)["array"].has("key")) keep((*one)["array"], buffers);
        for (const auto& one : asked["named"].object) if (one.second->has("array") && (*one.second)["array"].has("key")) keep((*one.second)["array"], buffers);
        const std::string method = asked["method"].text;
        if (method == "simulate") simulate(array(argument(asked, 0, "patches")), array(argument(asked, 1, "probe")), result);
        else if (method == "patches") patches(array(argument(asked, 0, "obj")), array(argument(asked, 1, "centres_xy")), whole(argument(asked, 2, "N"), buffers), result);
        else if (method == "reassemble") reassemble(array(argument(asked, 0, "patches")), array(argument(asked, 1, "centres_xy")), result);
        else throw std::runtime_error("there is no such method");
    }
    std::map<std::string, Array> known_;
};

static bool exactly(int descriptor, char* at, size_t count) {
    while (count) {
        const ssize_t read_now = read(descriptor, at, count);
        if (read_now <= 0) return false;
        at += read_now;
        count -= static_cast<size_t>(read_now);
    }
    return true;
}

static void all(int descriptor, const std::string& bytes) {
    for (size_t at = 0; at < bytes.size();) {
        const ssize_t written = write(descriptor, bytes.data() + at, bytes.size() - at);
        if (written <= 0) std::exit(1);
        at += static_cast<size_t>(written);
    }
}

int main(int, char** arguments) {
    const int descriptor = std::atoi(arguments[1]);
    Adapter adapter;
    char head[16];
    while (exactly(descriptor, head, sizeof head)) {
        uint64_t length;
        std::memcpy(&length, head + 4, 8);
        std::string payload(length, '\0');
        if (!exactly(descriptor, payload.data(), length)) return 1;
        uint32_t size;
        std::memcpy(&size, payload.data(), 4);
        const std::string text = payload.substr(4, size);
        const Value asked = Parser(text).value();
        std::vector<std::string> buffers;
        size_t at = 4 + size;
        for (const auto& one : (*asked)["buffers"].list) {
            buffers.push_back(payload.substr(at, static_cast<size_t>(one->number)));
            at += buffers.back().size();
        }
        if ((*asked)["do"].text == "stop") return 0;
        Result result;
        std::string said = adapter.answer(*asked, buffers, result);
        said = "{\"id\": " + std::to_string(static_cast<long>((*asked)["id"].number)) + ", " + said + ", \"buffers\": [";
        for (size_t i = 0; i < result.lengths.size(); ++i) said += (i ? ", " : "") + std::to_string(result.lengths[i]);
        said += "]}";
        std::string answer;
        append(answer, static_cast<uint32_t>(said.size()));
        answer += said + result.bytes;
        std::string frame = "PTC1";
        append(frame, static_cast<uint64_t>(answer.size()));
        append(frame, checksum(answer));
        all(descriptor, frame + answer);
    }
    return 0;
}
