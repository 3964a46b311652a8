-- A JSON reader and writer, word counts, UTF-8, run-length and base64 codes.
local function encode(v)
  local kind = type(v)
  if kind == 'table' then
    local out = {}
    if #v > 0 then for i, x in ipairs(v) do out[i] = encode(x) end return '[' .. table.concat(out, ',') .. ']' end
    local keys = {} for k in pairs(v) do keys[#keys + 1] = k end table.sort(keys)
    for i, k in ipairs(keys) do out[i] = encode(k) .. ':' .. encode(v[k]) end
    return '{' .. table.concat(out, ',') .. '}'
  elseif kind == 'string' then return '"' .. v:gsub('[%c"\\]', function(c) return string.format('\\u%04x', c:byte()) end) .. '"'
  else return tostring(v) end
end
local function decode(text)
  local at = 1
  local value
  local function space() at = text:find('%S', at) or #text + 1 end
  local function expect(c) space() if text:sub(at, at) ~= c then error('expected ' .. c .. ' at ' .. at, 0) end at = at + 1 end
  local function list(close, item)
    local out = {}
    at = at + 1 space()
    if text:sub(at, at) == close then at = at + 1 return out end
    while true do
      item(out) space()
      local c = text:sub(at, at) at = at + 1
      if c == close then return out elseif c ~= ',' then error('unexpected ' .. c .. ' at ' .. at - 1, 0) end
    end
  end
  local function str()
    local finish = text:find('"', at + 1, true) or error('open string', 0)
    local s = text:sub(at + 1, finish - 1):gsub('\\u(%x%x%x%x)', function(h) return utf8.char(tonumber(h, 16)) end)
    at = finish + 1
    return s
  end
  function value()
    space()
    local c = text:sub(at, at)
    if c == '{' then return list('}', function(out) space() local k = str() expect(':') out[k] = value() end)
    elseif c == '[' then return list(']', function(out) out[#out + 1] = value() end)
    elseif c == '"' then return str() end
    local word = text:match('^[%w.+-]+', at) or error('nothing at ' .. at, 0)
    at = at + #word
    if word == 'true' then return true elseif word == 'false' then return false end
    return tonumber(word) or error('bad word ' .. word, 0)
  end
  return value()
end
local document = '{"name":"guest","list":[1,2.5,-3e2,[],{"deep":[true,false]}],"text":"a\\u00e9b \\u20ac","n":12345678901234567890}'
print(encode(decode(document)))
print(encode(decode(encode(decode(document)))) == encode(decode(document)))
print(pcall(decode, '[1,2')) print(pcall(decode, '{"a" 1}')) print(pcall(decode, '[x]'))
local poem = ([[ the rain in spain stays mainly in the plain and the plain is the place where the rain stays ]]):rep(20)
local counts = {} for w in poem:gmatch('%a+') do counts[w] = (counts[w] or 0) + 1 end
local order = {} for w in pairs(counts) do order[#order + 1] = w end
table.sort(order, function(a, b) if counts[a] ~= counts[b] then return counts[a] > counts[b] end return a < b end)
for _, w in ipairs(order) do print(w, counts[w]) end
local s = 'aé€😀z'
print(#s, utf8.len(s), utf8.codepoint(s, 1, -1)) for p, c in utf8.codes(s) do print(p, c, utf8.char(c)) end
print(utf8.len('\xff'), utf8.offset(s, 3), utf8.offset(s, -1), utf8.charpattern, pcall(utf8.codepoint, '\xff'))
local function rle(x) return (x:gsub('(.)(%1*)', function(c, more) return #more + 1 .. c end)) end
print(rle('aaabbbbbcd'), rle('x'))
local alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
local function base64(x)
  local bits = x:gsub('.', function(c) local r, b = '', c:byte() for i = 7, 0, -1 do r = r .. (b >> i & 1) end return r end) .. '0000'
  return (bits:gsub('%d%d%d?%d?%d?%d?', function(p) if #p < 6 then return '' end local v = tonumber(p, 2) + 1 return alphabet:sub(v, v) end)) .. ({'', '==', '='})[#x % 3 + 1]
end
print(base64('Hello, World!'), base64('a'), base64('ab'), base64('abc'), base64(''))
print(#string.dump(function() return 1 end) > 20, load(string.dump(function(x) return x * 2 end))(21))
print(debug.traceback('trace', 1):match('^trace\nstack traceback:') ~= nil, debug.getinfo(1, 'l').currentline, debug.getinfo(print).what)
local hooks = 0 debug.sethook(function() hooks = hooks + 1 end, '', 100) for i = 1, 10000 do local _ = i * 2 end debug.sethook() print(hooks > 50)
